import type net from 'node:net';
import pg from 'pg';
import { codeOf } from '../errors.js';
import { type Address, addressesOf, type Endpoint } from '../plan/target.js';
import { CHANNEL_BINDING, CONNECT_TIMEOUT, WRONG_ROLE } from './failure.js';
import { connectionOf, hangUp, type Login, newClient, socketOf } from './pg-client.js';

export interface DialOwner {
  /** The connection is ready, and its server has the role that the endpoint asks for. */
  dialled(client: pg.Client, address: Address): void;
  /** No address would do. @param refusals one for each address that was tried, in their order; at least one */
  notDialled(refusals: Refusals): void;
  /** A connection that was ready is gone. */
  hungUp(client: pg.Client, error: unknown): void;
}

/** Why an address would not do. */
export interface Refusal {
  /** Undefined when the connection was closed without a word. */
  readonly error: unknown;
  readonly address: Address;
}

export type Refusals = readonly [...Refusal[], Refusal];

/** The refusal that counts: the last one, as in libpq. */
export function lastOf(refusals: Refusals): Refusal {
  return refusals[refusals.length - 1] as Refusal;
}

/** How many addresses a connection may have to try: prefer-standby goes through them twice. */
export function turnsOf(endpoint: Endpoint): number {
  return addressesOf(endpoint).length * (endpoint.targetSessionAttrs === 'prefer-standby' ? 2 : 1);
}

/**
 * The making of one connection: goes through the addresses of the endpoint until one has a server of the wanted role. An
 * address that refuses, closes, is silent, does not take connections yet or has another role makes room for the next one
 * at once; what a server says of the login itself, a wrong password for one, is the end, as in libpq.
 */
export class Dial {
  /** Of the connection that is being made, or was. */
  client: pg.Client | undefined;
  private readonly round: readonly Address[];
  /** Of `round`, in passes: prefer-standby goes through them twice. */
  private at = -1;
  private dialling = true;
  private timer: NodeJS.Timeout | undefined;
  private readonly refusals: Refusal[] = [];
  private readonly endMs: number;

  constructor(
    private readonly login: Login,
    private readonly owner: DialOwner,
  ) {
    const { endpoint, patienceMs = Number.POSITIVE_INFINITY } = login;
    const addresses = addressesOf(endpoint);
    const inOrder = endpoint.loadBalanceHosts === 'random' ? shuffled(addresses) : addresses;
    this.round = endpoint.targetSessionAttrs === 'prefer-standby' ? [...inOrder, ...inOrder] : inOrder;
    this.endMs = performance.now() + patienceMs;
    this.next();
  }

  /** Gives up without a word; the owner is not called any more. */
  abandon(): void {
    const { client } = this;
    this.letGo();
    if (client !== undefined) {
      hangUp(client);
    }
  }

  /** The owner is not called any more, and whatever is connected stays so. */
  letGo(): void {
    this.dialling = false;
    clearTimeout(this.timer);
    this.client = undefined;
  }

  private get address(): Address {
    return this.round[this.at] as Address;
  }

  private next(): void {
    this.at++;
    const { login, address } = this;
    const client = this.newClient(login, address);
    if (client === undefined) {
      return;
    }
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, undefined));
    const role = login.endpoint.targetSessionAttrs === undefined ? undefined : roleOf(client);
    // Now, for under TLS the client's socket becomes another one, which counts what it has decrypted.
    this.listenForSilence(client, socketOf(client), 0);
    client.connect((error: Error | null | undefined) => {
      if (error) {
        this.lost(client, error);
      } else if (role === undefined) {
        this.done(client);
      } else {
        this.check(client, role);
      }
    });
  }

  /** Undefined where there cannot be one, since files of TLS have gone away for one; the dial goes on in a turn of its own. */
  private newClient(login: Login, address: Address): pg.Client | undefined {
    this.client = undefined;
    try {
      this.client = newClient(login, address);
    } catch (error) {
      // An owner is told nothing before its call returns.
      setImmediate(() => this.refused(error));
    }
    return this.client;
  }

  /** Only where there is another address to turn to. */
  private listenForSilence(client: pg.Client, socket: net.Socket, heard: number): void {
    const left = this.round.length - this.at;
    const restMs = this.endMs - performance.now();
    if (left < 2 || restMs === Number.POSITIVE_INFINITY) {
      return;
    }
    this.timer = setTimeout(() => {
      const { bytesRead } = socket;
      if (bytesRead > heard) {
        this.listenForSilence(client, socket, bytesRead);
      } else {
        this.lost(client, Object.assign(new Error('No answer in time.'), { code: CONNECT_TIMEOUT }));
      }
    }, restMs / left);
  }

  private check(client: pg.Client, role: Role): void {
    if (role.standby !== undefined && role.readOnly !== undefined) {
      this.judge(client, { standby: role.standby, readOnly: role.readOnly });
      return;
    }
    // Before PostgreSQL 14 the server does not tell it by itself; nor does every pooler.
    client.query(ROLE, (error, result) => {
      if (this.client !== client || !this.dialling) {
        return;
      }
      if (error) {
        this.lost(client, error);
      } else {
        this.judge(client, result.rows[0] as KnownRole);
      }
    });
  }

  private judge(client: pg.Client, role: KnownRole): void {
    const { targetSessionAttrs } = this.login.endpoint;
    // The second time round whoever answers will do.
    const isSecondRound = targetSessionAttrs === 'prefer-standby' && this.at >= this.round.length / 2;
    if (isSecondRound || fits(role, targetSessionAttrs)) {
      this.done(client);
      return;
    }
    const is = role.standby ? 'a standby' : role.readOnly ? 'read-only' : 'a primary';
    const error = new Error(`The server is ${is}, and target_session_attrs asks for ${targetSessionAttrs}.`);
    this.lost(client, Object.assign(error, { code: WRONG_ROLE }));
  }

  private done(client: pg.Client): void {
    if (this.client === client && this.dialling) {
      this.dialling = false;
      clearTimeout(this.timer);
      this.owner.dialled(client, this.address);
    }
  }

  private lost(client: pg.Client, error: unknown): void {
    if (this.client !== client) {
      return; // Late news of an address that was left.
    }
    if (!this.dialling) {
      this.client = undefined;
      hangUp(client);
      this.owner.hungUp(client, error);
      return;
    }
    hangUp(client);
    this.refused(error);
  }

  private refused(error: unknown): void {
    if (!this.dialling) {
      return;
    }
    clearTimeout(this.timer);
    const refusal = { error, address: this.address };
    if (this.at + 1 < this.round.length && !isFinal(error)) {
      this.refusals.push(refusal);
      this.next();
      return;
    }
    this.dialling = false;
    this.client = undefined;
    this.owner.notDialled([...this.refusals, refusal]);
  }
}

/** What the server itself answered about this login; another address would answer the same, or hide this answer. */
function isFinal(error: unknown): boolean {
  const code = codeOf(error);
  return code === CHANNEL_BINDING || (error instanceof pg.DatabaseError && !/^57P0/.test(code ?? ''));
}

interface Role {
  standby: boolean | undefined;
  readOnly: boolean | undefined;
}

interface KnownRole {
  readonly standby: boolean;
  readonly readOnly: boolean;
}

const ROLE = `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS "readOnly"`;

/** Fills itself from what the server tells at the start of a session. */
function roleOf(client: pg.Client): Role {
  const role: Role = { standby: undefined, readOnly: undefined };
  connectionOf(client).on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'in_hot_standby') {
      role.standby = parameterValue === 'on';
    } else if (parameterName === 'default_transaction_read_only') {
      role.readOnly = parameterValue === 'on';
    }
  });
  return role;
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

function fits({ standby, readOnly }: KnownRole, attrs: Endpoint['targetSessionAttrs']): boolean {
  switch (attrs) {
    case 'read-write':
      return !standby && !readOnly;
    case 'read-only':
      return standby || readOnly;
    case 'primary':
      return !standby;
    case 'standby':
    case 'prefer-standby':
      return standby;
    default:
      return true;
  }
}

function shuffled(addresses: readonly Address[]): readonly Address[] {
  const left = [...addresses];
  return addresses.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0] as Address);
}

/**
 * Whether somebody between speaks the protocol, a pooler: it has told the id of a process of its own making.
 * @param pid what the server says of itself, pg_backend_pid()
 */
export function isPooled(client: pg.Client, pid: number): boolean {
  return (client as unknown as { processID: number | null }).processID !== pid;
}
