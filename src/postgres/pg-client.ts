import type { EventEmitter } from 'node:events';
import type net from 'node:net';
import pg from 'pg';
import type { Address, Endpoint } from '../plan/target.js';
import { CHANNEL_BINDING } from './failure.js';
import { sslOptions } from './tls.js';

/** Who is connected as, and where. */
export interface Login {
  readonly endpoint: Endpoint;
  readonly password: string | undefined;
  readonly applicationName: string;
  /**
   * How long whoever dials waits. With several addresses each gets an equal part of what is left, so that one that is
   * silent does not use it up; one that answers slowly keeps its turn.
   */
  readonly patienceMs?: number;
  /** Further words for pg. */
  readonly config?: pg.ClientConfig;
}

/**
 * pg's client for one of the addresses, which is to connect yet. It follows the login alone, whatever is in the
 * environment.
 * @throws what reading the files of TLS throws
 */
export function newClient(login: Login, address: Address): pg.Client {
  const client = new pg.Client(configOf(login, address));
  // pg takes these from the environment where the configuration has no value, and knows no value for none.
  Object.assign((client as unknown as Parameterised).connectionParameters, {
    options: undefined,
    replication: undefined,
  });
  if (login.endpoint.channelBinding === 'require') {
    requireBinding(client);
  }
  return client;
}

/** pg's own name; its types leave it out. */
interface Parameterised {
  readonly connectionParameters: object;
}

function configOf({ endpoint, password, applicationName, config }: Login, address: Address): pg.ClientConfig {
  const ssl = sslOptions(endpoint, address);
  const bound: pg.ClientConfig & OwnConfig = {
    ...config,
    host: address.host,
    port: address.port,
    user: endpoint.user,
    database: endpoint.database,
    // A function keeps pg from looking for a password in the environment or a file: the plan has decided.
    password: () => password ?? '',
    ssl,
    sslnegotiation: 'postgres',
    // As libpq's prefer: used where the server offers it, which it does under TLS alone.
    enableChannelBinding: ssl !== false && endpoint.channelBinding !== 'disable',
    application_name: applicationName,
  };
  return bound;
}

/** What pg's types leave out. */
interface OwnConfig {
  readonly enableChannelBinding: boolean;
  readonly sslnegotiation: 'postgres';
}

const WITH_BINDING = 'SCRAM-SHA-256-PLUS';

/** Ends the connection before anything is proven to a server that is not bound to this channel. */
function requireBinding(client: pg.Client): void {
  const connection = connectionOf(client);
  let bound = false;
  const refuse = (why: string) => {
    const error = new Error(`channel_binding=require: ${why}.`);
    connection.emit('error', Object.assign(error, { code: CHANNEL_BINDING }));
    connection.stream.destroy();
  };
  connection.on('authenticationSASL', ({ mechanisms }: { readonly mechanisms: readonly string[] }) => {
    bound = mechanisms.includes(WITH_BINDING) && 'getPeerCertificate' in connection.stream;
    if (!bound) {
      refuse('the server does not offer channel binding');
    }
  });
  for (const message of [
    'authenticationCleartextPassword',
    'authenticationMD5Password',
    'authenticationOk',
  ]) {
    connection.on(message, () => {
      if (!bound) {
        refuse('the server asks for no login with channel binding');
      }
    });
  }
}

/** pg keeps its connection to itself in the types only; taking the stream over needs it. */
export function connectionOf(client: pg.Client): EventEmitter & { readonly stream: net.Socket } {
  return (client as unknown as { connection: EventEmitter & { readonly stream: net.Socket } }).connection;
}

/** The socket that messages go through now: another one once there is TLS. */
export function socketOf(client: pg.Client): net.Socket {
  return connectionOf(client).stream;
}

/** Lets go without a word, whatever is under way. Listeners stay on, and find that the client is not theirs any more. */
export function hangUp(client: pg.Client): void {
  socketOf(client).destroy();
}
