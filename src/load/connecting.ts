import type { Session } from '../postgres/session.js';
import type { ClientGroup } from './client-group.js';
import type { Connector } from './connect-slots.js';
import { NEVER, NONE } from './instants.js';

/** Who connects. */
export interface ConnectingOwner {
  /** When somebody must look at it: the deadline of the connection that is under way. */
  wakeUs: number;
  /** Whether it still has something to connect for. Asked when its turn comes. */
  readonly mayConnect: boolean;
}

/**
 * How one client gets a connection, each time that it needs one: it waits for one of the group's slots, which has no
 * deadline, and then for the connection, which has. What the session tells goes to the client.
 */
export class Connecting implements Connector {
  /** Connections that were made, those of the warm-up left out. */
  made = 0;

  private session: Session | undefined;
  private startUs = NONE;
  /** Waits for its turn. */
  private queued = false;
  /** Has one of the slots. */
  private underWay = false;

  constructor(
    private readonly owner: ConnectingOwner,
    private readonly group: ClientGroup,
  ) {}

  /** Now, or when its turn comes: the time until then is no attempt, and has no deadline. */
  begin(session: Session): void {
    this.session = session;
    if (this.group.slots.take(this)) {
      this.connect(session);
    } else {
      this.queued = true;
      this.owner.wakeUs = NEVER;
    }
  }

  takeTurn(): boolean {
    const { session } = this;
    const begins = this.queued && session !== undefined && this.owner.mayConnect;
    this.queued = false;
    if (begins) {
      this.connect(session);
    }
    return begins;
  }

  /** Its turn does not matter any more; what is under way goes on. */
  leaveQueue(): void {
    this.queued = false;
  }

  /** Nothing is under way any more: there is a connection, or none, or nobody waits for one. */
  over(): void {
    this.queued = false;
    if (this.underWay) {
      this.underWay = false;
      this.group.slots.release();
    }
  }

  /** There is a connection. */
  succeeded(nowUs: number): void {
    const { group } = this;
    this.over();
    this.owner.wakeUs = NEVER;
    this.made += nowUs < group.warmupUs && group.running ? 0 : 1;
    group.recorder.connected(nowUs - this.startUs, nowUs);
  }

  private connect(session: Session): void {
    const { group } = this;
    this.underWay = true;
    const nowUs = group.nowUs();
    this.startUs = nowUs;
    this.owner.wakeUs = nowUs + group.connectUs;
    group.recorder.connectStarted(nowUs);
    session.connect();
  }
}
