import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientLedgerFacts, WorkerLedger } from '../load/ledger-facts.js';
import type { AuditCounts } from '../result/commits.js';
import { Expected } from './expected.js';
import { Found } from './found.js';
import { forgottenInstants, type LostToken, LostTokens } from './lost-tokens.js';

const RUN = '0badcafe';

/** What became of one token: how the client knows it, and how often it lies in the database. */
interface Fate {
  readonly known: 'ack' | 'ack_unreplicated' | 'aborted' | 'in_doubt';
  readonly times: number;
  /** Acknowledged at this ms, where the client still remembers. */
  readonly atMs: number | null;
}

const fate: fc.Arbitrary<Fate> = fc.record({
  known: fc.constantFrom('ack', 'ack', 'ack', 'ack_unreplicated', 'aborted', 'in_doubt'),
  times: fc.constantFrom(0, 1, 1, 1, 2, 3),
  atMs: fc.option(fc.integer({ min: -1000, max: 60_000 })),
});
/** One list of fates for each client; the number of a token is its place. */
const run = fc.array(fc.array(fate, { maxLength: 40 }), { maxLength: 6 });
const strange = fc.array(
  fc.constantFrom('99.1', '0.41', '0.0', '0.99999999999999999999', '0.-1', '0.1.1', '', 'x', '0.1x', '1e3.1'),
);

describe('what a server holds', () => {
  it('is counted as a plain look at each token counts it, in any order', () => {
    fc.assert(
      fc.property(run, strange, fc.integer(), (clients, others, seed) => {
        const { expected, found } = judge(clients, others, seed);
        expect(found.counts()).toEqual(plainCounts(clients, others.length));
        expect(expected.drawn).toBe(clients.flat().length);
      }),
    );
  });

  it('lacks exactly the tokens that were acknowledged and are not there', () => {
    fc.assert(
      fc.property(run, strange, fc.integer(), (clients, others, seed) => {
        const { expected, found } = judge(clients, others, seed);
        const lost = new LostTokens(expected, found, found.counts().ackedLost);
        expect([...lost]).toEqual(plainLost(clients));
        expect(lost.count).toBe(plainLost(clients).length);
      }),
    );
  });

  it('is the same on two servers when they hold the same, and else not', () => {
    fc.assert(
      fc.property(run, strange, fc.integer(), fc.integer(), (clients, others, one, other) => {
        const { expected, found, texts } = judge(clients, others, one);
        expect(judge(clients, others, other).found.equals(found)).toBe(true);
        const less = fill(expected, texts.slice(1));
        expect(less.equals(found)).toBe(texts.length === 0 || thrice(texts, others));
      }),
      { numRuns: 500 },
    );
  });

  it('has blanks behind the token in a column of fixed width', () => {
    const { expected } = judge([[{ known: 'ack', times: 0, atMs: null }]], [], 0);
    expect(fill(expected, [`${RUN}.0.1           `]).counts()).toMatchObject({
      ackedPresent: 1,
      ackedLost: 0,
      unexpected: 0,
    });
  });
});

it('is told when the clients forgot the instant of a lost commit, and only then', () => {
  const token = { token: '', client: 0, seq: 1, server: null, outcome: 'ack' } as const;
  const known = [{ ...token, atMs: 1 }];
  const unknown = [...known, { ...token, atMs: null }];
  expect(forgottenInstants(unknown, [{ forgot: false }, { forgot: true }])).toHaveLength(1);
  expect(forgottenInstants(known, [{ forgot: true }])).toEqual([]);
  expect(forgottenInstants(unknown, [{ forgot: false }])).toEqual([]);
});

it('refuses a client that two workers claim', () => {
  const ledger = ledgerOf([[]], [0]);
  expect(() => new Expected(RUN, [ledger, ledger])).toThrow('Client 0 is in two ledgers');
});

function judge(clients: readonly (readonly Fate[])[], others: readonly string[], seed: number) {
  // Two workers, so that something is to be merged.
  const numbers = clients.map((_, client) => client);
  const expected = new Expected(RUN, [
    ledgerOf(
      clients,
      numbers.filter((client) => client % 2 === 0),
    ),
    ledgerOf(
      clients,
      numbers.filter((client) => client % 2 === 1),
    ),
  ]);
  const tokens = clients.flatMap((fates, client) =>
    fates.flatMap(({ times }, index) => Array<string>(times).fill(`${client}.${index + 1}`)),
  );
  const texts = shuffled([...tokens, ...others], seed).map((text) => `${RUN}.${text}`);
  return { expected, texts, found: fill(expected, texts) };
}

function fill(expected: Expected, texts: readonly string[]): Found {
  const found = new Found(expected);
  for (const text of texts) {
    found.add(text);
  }
  return found;
}

function ledgerOf(clients: readonly (readonly Fate[])[], own: readonly number[]): WorkerLedger {
  const acks = own.flatMap((client) =>
    (clients[client] ?? []).flatMap(({ known, atMs }, index) =>
      atMs !== null && known.startsWith('ack') ? [{ client, seq: index + 1, atMs }] : [],
    ),
  );
  return {
    clients: own.map((client) => factsOf(client, clients[client] ?? [])),
    servers: ['', 'a:1'],
    acks: {
      client: Uint32Array.from(acks, ({ client }) => client),
      seq: Uint32Array.from(acks, ({ seq }) => seq),
      atUs: Float64Array.from(acks, ({ atMs }) => atMs * 1000),
      server: Uint16Array.from(acks, () => 1),
    },
    forgot: true,
  };
}

function factsOf(client: number, fates: readonly Fate[]): ClientLedgerFacts {
  const seqs = (known: Fate['known']) =>
    Uint32Array.from(fates.flatMap((each, index) => (each.known === known ? [index + 1] : [])));
  return {
    client,
    drawn: fates.length,
    aborted: seqs('aborted'),
    inDoubt: seqs('in_doubt'),
    unreplicated: seqs('ack_unreplicated'),
  };
}

function plainCounts(clients: readonly (readonly Fate[])[], unexpected: number): AuditCounts {
  const count = (test: (fate: Fate) => boolean) => clients.flat().filter(test).length;
  const acked = ({ known }: Fate) => known === 'ack' || known === 'ack_unreplicated';
  return {
    ackedPresent: count((each) => acked(each) && each.times > 0),
    ackedLost: count((each) => acked(each) && each.times === 0),
    unreplicatedPresent: count(({ known, times }) => known === 'ack_unreplicated' && times > 0),
    unreplicatedLost: count(({ known, times }) => known === 'ack_unreplicated' && times === 0),
    inDoubtCommitted: count(({ known, times }) => known === 'in_doubt' && times > 0),
    inDoubtAbsent: count(({ known, times }) => known === 'in_doubt' && times === 0),
    ghosts: count(({ known, times }) => known === 'aborted' && times > 0),
    duplicates: count(({ times }) => times > 1),
    unexpected,
  };
}

/** By client within each worker: even ones first. */
function plainLost(clients: readonly (readonly Fate[])[]): readonly LostToken[] {
  const lost = clients.flatMap((fates, client) =>
    fates.flatMap(({ known, times, atMs }, index): LostToken[] =>
      times === 0 && (known === 'ack' || known === 'ack_unreplicated')
        ? [
            {
              token: `${RUN}.${client}.${index + 1}`,
              client,
              seq: index + 1,
              atMs,
              server: atMs === null ? null : 'a:1',
              outcome: known,
            },
          ]
        : [],
    ),
  );
  return [...lost.filter(({ client }) => client % 2 === 0), ...lost.filter(({ client }) => client % 2 === 1)];
}

/** Whether a token that was drawn comes first and is there thrice: without it, it is still there more than once. */
function thrice(texts: readonly string[], others: readonly string[]): boolean {
  const [first = ''] = texts;
  const drawn = !others.some((other) => `${RUN}.${other}` === first);
  return drawn && texts.filter((text) => text === first).length === 3;
}

function shuffled<T>(values: readonly T[], seed: number): T[] {
  // Any order will do, if the seed decides it.
  const keyed = values.map((value, index) => ({ value, key: Math.sin(seed + index * 7919) }));
  return keyed.sort((one, other) => one.key - other.key).map(({ value }) => value);
}
