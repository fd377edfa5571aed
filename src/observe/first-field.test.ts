import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FirstField, lsnOf } from './first-field.js';

/** Body of a DataRow behind some other bytes. */
function dataRow(fields: readonly (string | null)[]): { buffer: Buffer; from: number; to: number } {
  const parts = [Buffer.from('before'), Buffer.alloc(2)];
  parts[1]?.writeInt16BE(fields.length);
  for (const field of fields) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(field === null ? -1 : field.length);
    parts.push(length, Buffer.from(field ?? ''));
  }
  const to = Buffer.concat(parts).length;
  return { buffer: Buffer.concat([...parts, Buffer.from('behind')]), from: 6, to };
}

function fieldOf(fields: readonly (string | null)[]): string | undefined {
  const { buffer, from, to } = dataRow(fields);
  const field = new FirstField();
  field.row(buffer, from, to);
  return field.text;
}

describe('the first field of a row', () => {
  it('is its text', () => {
    expect(fieldOf(['16/B374D848'])).toBe('16/B374D848');
    expect(fieldOf(['', 'second'])).toBe('');
  });

  it('is nothing where it is NULL or there is none', () => {
    expect(fieldOf([null, 'second'])).toBeUndefined();
    expect(fieldOf([])).toBeUndefined();
  });

  it('is nothing when the length goes beyond the message', () => {
    const { buffer, from, to } = dataRow(['42']);
    const field = new FirstField();
    field.row(buffer, from, to - 1);
    expect(field.text).toBeUndefined();
  });
});

describe('a position in the WAL', () => {
  it('is high and low half in hexadecimal', () => {
    expect(lsnOf('16/B374D848')).toBe(0x16 * 2 ** 32 + 0xb374d848);
    expect(lsnOf('0/0')).toBe(0);
  });

  it.each([undefined, '', '16', '/1', '1/', 'x/1', '1/123456789', '1/2/3'])('is none in %s', (text) => {
    expect(lsnOf(text)).toBe(-1);
  });

  it('is read back as it is written', () => {
    fc.assert(
      fc.property(fc.nat(0x1fffff), fc.nat(0xffffffff), (high, low) => {
        const text = `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase()}`;
        expect(lsnOf(text)).toBe(high * 2 ** 32 + low);
      }),
    );
  });
});
