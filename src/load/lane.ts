import type { Route } from '../plan/target.js';
import type { Session, SessionOptions } from '../postgres/session.js';
import type { Recorder } from './recorder.js';

/** A way to a server that a client keeps. */
export interface LaneOptions {
  readonly route: Route;
  readonly session: SessionOptions;
}

/** The same in its use. */
export interface Lane {
  readonly route: Route;
  readonly session: Session;
  /** Of the server that it is connected to, among those of the recorder: for what only reads, and for what writes. */
  readServer: number;
  writeServer: number;
  /** Transactions that ended on this connection, for one that is not kept. */
  transactions: number;
}

/** As it is before its first connection. */
export function laneOf(route: Route, session: Session): Lane {
  return { route, session, readServer: -1, writeServer: -1, transactions: 0 };
}

/** The lane's session has a new connection, maybe to another server. */
export function laneConnected(lane: Lane, recorder: Recorder): void {
  const { route, session } = lane;
  lane.readServer = recorder.serverIndex(session.server, route, false);
  lane.writeServer = recorder.serverIndex(session.server, route, true);
  lane.transactions = 0;
}
