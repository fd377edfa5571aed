import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseToken } from '../workload/ledger-token.js';
import { Value } from '../workload/value.js';
import { AckRing } from './ack-ring.js';
import { ClientLedger } from './client-ledger.js';

const RUN = '0123abcd';

function ledgerOf(client = 7) {
  const cell = new Value();
  const acks = new AckRing();
  return { cell, acks, ledger: new ClientLedger(RUN, client, cell, acks) };
}

describe('ClientLedger', () => {
  it('counts its tokens up, through each new digit', () => {
    const { cell, ledger } = ledgerOf(12);
    for (let seq = 1; seq <= 1001; seq++) {
      ledger.begin(0);
      ledger.draw();
      expect(parseToken(`${cell}`, RUN)).toEqual({ client: 12, seq });
    }
  });

  it('hands out its digits without a copy', () => {
    const { cell, ledger } = ledgerOf();
    ledger.draw();
    const { text } = cell;
    const target = new Uint8Array(24);
    for (let seq = 2; seq < 200; seq++) {
      ledger.draw();
      const end = cell.writeText(target, 1);
      expect(Buffer.from(target.subarray(1, end)).toString()).toBe(`${RUN}.7.${seq}`);
    }
    expect(cell.text).toBe(text);
    expect(cell.text).toHaveLength(22);
  });

  it('knows the fate of every token that it drew', () => {
    const fates = fc.array(fc.constantFrom('committed', 'doubt', 'abort', 'nothing', 'unreplicated'));
    fc.assert(
      fc.property(fates, (list) => {
        const { ledger, acks } = ledgerOf();
        const expected: Record<string, number[]> = {
          committed: [],
          doubt: [],
          aborted: [],
          unreplicated: [],
        };
        for (const [index, fate] of list.entries()) {
          const seq = index + 1;
          ledger.begin(3);
          ledger.draw();
          if (fate === 'committed' || fate === 'unreplicated') {
            ledger.committed(seq * 10, fate === 'unreplicated');
            expected['committed']?.push(seq);
          } else if (fate === 'doubt') {
            ledger.doubt();
          } else if (fate === 'abort') {
            ledger.abort();
          }
          const name = fate === 'nothing' || fate === 'abort' ? 'aborted' : fate;
          if (name !== 'committed') {
            expected[name]?.push(seq);
          }
        }
        const facts = ledger.facts();
        expect(facts.drawn).toBe(list.length);
        expect([...facts.aborted]).toEqual(expected['aborted']);
        expect([...facts.inDoubt]).toEqual(expected['doubt']);
        expect([...facts.unreplicated]).toEqual(expected['unreplicated']);
        const columns = acks.columns(0);
        expect([...columns.seq]).toEqual(expected['committed']);
        expect([...columns.atUs]).toEqual(expected['committed']?.map((seq) => seq * 10));
        expect(columns.server.every((server) => server === 3)).toBe(true);
      }),
    );
  });

  it('takes several commits of one pipeline for doubtful when one of them failed', () => {
    const { ledger } = ledgerOf();
    ledger.begin(0);
    ledger.draw();
    ledger.draw();
    ledger.fail();
    ledger.begin(0);
    ledger.draw();
    ledger.fail();
    const { aborted, inDoubt } = ledger.facts();
    expect([...inDoubt]).toEqual([1, 2]);
    expect([...aborted]).toEqual([3]);
  });
});

describe('AckRing', () => {
  it('forgets what is old, but not what stood in it when a connection was lost', () => {
    const ring = new AckRing();
    const size = 2 ** 18;
    ring.push(1, 1, 5, 0);
    ring.push(1, 2, 6, 0);
    ring.keep();
    for (let seq = 3; seq < size + 100; seq++) {
      ring.push(1, seq, seq, 0);
    }
    const { seq, atUs } = ring.columns(5);
    expect([seq[0], seq[1]]).toEqual([1, 2]);
    expect(atUs[0]).toBe(0);
    expect(seq.length).toBe(size + 2);
    expect(seq.at(-1)).toBe(size + 99);
  });

  it('knows whether anything was overwritten before it was kept', () => {
    const ring = new AckRing();
    for (let seq = 1; seq <= 2 ** 18; seq++) {
      ring.push(1, seq, seq, 0);
    }
    ring.keep();
    for (let seq = 1; seq <= 2 ** 18; seq++) {
      ring.push(1, seq, seq, 0);
    }
    ring.keep();
    expect(ring.forgot).toBe(false);
    for (let seq = 0; seq <= 2 ** 18; seq++) {
      ring.push(1, seq, seq, 0);
    }
    ring.keep();
    expect(ring.forgot).toBe(true);
  });
});
