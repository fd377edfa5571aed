import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleOf } from '../analysis/sample.fixture.js';
import { renderCsv } from './csv.js';

const both = sampleOf('writes and reads').result;
const writes = sampleOf('switchover').result;

/** By the grammar of RFC 4180, as a reader of such files does it. */
function parsed(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quoted && letter === '"' && text[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (letter === '"') {
      quoted = !quoted;
    } else if (!quoted && (letter === ',' || letter === '\r')) {
      rows.at(-1)?.push(cell);
      cell = '';
      if (letter === '\r') {
        rows.push([]);
        i++;
      }
    } else {
      cell += letter;
    }
  }
  return rows.slice(0, -1);
}

describe('renderCsv', () => {
  const named = [{ name: 'x', directory: null, result: both }];

  it('has a row for each bucket, with the figures of the timeline under names with their units', () => {
    const [head = [], ...rows] = parsed(renderCsv(named));
    const { timeline } = both;
    expect(rows).toHaveLength(timeline.startMs.length);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    expect(head.filter((name) => !/_(ms|us|count)$/.test(name))).toEqual([]);
    const column = (name: string) => rows.map((row) => row[head.indexOf(name)]);
    const texts = (values: readonly (number | null)[] = []) => values.map((value) => String(value ?? ''));
    expect(column('start_ms')).toEqual(texts(timeline.startMs));
    expect(column('rw_ack_count')).toEqual(texts(timeline.outcomes.rw?.ack));
    expect(column('ro_not_sent_count')).toEqual(texts(timeline.outcomes.ro?.not_sent));
    expect(column('rw_first_ack_ms')).toEqual(texts(timeline.firstAckMs.rw));
    expect(column('response_p99_us')).toEqual(texts(timeline.p99Us));
    expect(column('failed_read_only_count')).toEqual(texts(timeline.errors['read_only']));
    expect(column('writes_by_127.0.1.2:5432_count')).toEqual(texts(timeline.writers['127.0.1.2:5432']));
    expect(column('rw_probe_failed_count')).toEqual(texts(timeline.probes.rw?.failures));
    expect(column('generator_stall_ms')).toEqual(texts(timeline.stallMs));
    // An outcome that never came was looked for, and there was none.
    expect(new Set(column('rw_skipped_count'))).toEqual(new Set(['0']));
  });

  it('tells several results apart, and leaves empty what one of them has not', () => {
    const [head = [], ...rows] = parsed(
      renderCsv([{ name: 'w', directory: null, result: writes }, ...named]),
    );
    expect(head[0]).toBe('result');
    expect(rows).toHaveLength(writes.timeline.startMs.length + both.timeline.startMs.length);
    const reads = head.indexOf('ro_ack_count');
    expect(new Set(rows.filter(([name]) => name === 'w').map((row) => row[reads]))).toEqual(new Set(['']));
    expect(rows.filter(([name]) => name === 'x').every((row) => row[reads] !== '')).toBe(true);
  });

  it('keeps names whole, and lets none of them be a formula', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('=1+1', '@SUM(A1)', '\t=x', '-2', '＝x', '"a",\r\nb')),
        (name) => {
          const few = { ...writes, timeline: { ...writes.timeline, startMs: [0], writers: { [name]: [1] } } };
          const text = renderCsv([
            { name, directory: null, result: few },
            { name: 'other', directory: null, result: few },
          ]);
          const [head = [], first = [], ...more] = parsed(text);
          expect(more).toHaveLength(1);
          expect(first).toHaveLength(head.length);
          expect(first[0]).not.toMatch(/^[=+\-@＝＋－＠\t\r]/);
          expect(text.split('\r\n')).toHaveLength(4);
        },
      ),
    );
    const [, row = []] = parsed(
      renderCsv([{ ...named[0], name: '=1+1,"x"', result: writes, directory: null }, ...named]),
    );
    expect(row[0]).toBe(`'=1+1,"x"`);
  });
});
