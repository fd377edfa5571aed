import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILED_BLOCK, IDLE, IN_BLOCK, ReplyReader } from './replies.js';

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const ready = (status: number) => message('Z', Buffer.from([status]));
const complete = (tag: string) => message('C', Buffer.from(`${tag}\0`));
const row = (bytes: number) => message('D', Buffer.alloc(bytes, 0x5a));
const fields = (values: Record<string, string>) =>
  Buffer.from(
    `${Object.entries(values)
      .map(([key, value]) => `${key}${value}\0`)
      .join('')}\0`,
  );
const error = (severity: string, code: string, text: string) =>
  message('E', fields({ S: 'FEHLER', V: severity, C: code, M: text }));
const notice = (severity: string, code: string, text: string) =>
  message('N', fields({ S: 'WARNUNG', V: severity, C: code, M: text }));

function readAll(reader: ReplyReader, bytes: Buffer): number {
  return reader.read(bytes, bytes.length);
}

describe('ReplyReader', () => {
  it('finds the end of a reply at ReadyForQuery, not at bytes that look like it', () => {
    const reader = new ReplyReader();
    // A row whose content is a whole ReadyForQuery.
    expect(readAll(reader, message('D', ready(IDLE)))).toBe(0);
    expect(readAll(reader, Buffer.concat([complete('SELECT 1'), ready(IN_BLOCK)]))).toBe(1);
    expect(reader.status).toBe(IN_BLOCK);
  });

  it('reads the same wherever the stream is cut', () => {
    const reply = Buffer.concat([
      message('1', Buffer.alloc(0)),
      message('2', Buffer.alloc(0)),
      notice('NOTICE', '00000', 'häßlich'),
      row(3000),
      error('ERROR', '40001', 'could not serialize'),
      row(0),
      complete('ROLLBACK'),
      ready(FAILED_BLOCK),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: reply.length }), { maxLength: 40 }), (sizes) => {
        const reader = new ReplyReader();
        // The buffer is reused for each read, as a socket's is.
        const shared = Buffer.alloc(reply.length);
        let at = 0;
        let count = 0;
        for (const size of [...sizes, reply.length]) {
          const length = reply.copy(shared, 0, at, Math.min(at + size, reply.length));
          count += reader.read(shared, length);
          at += length;
        }
        expect(count).toBe(1);
        expect(reader.error).toMatchObject({
          severity: 'ERROR',
          code: '40001',
          message: 'could not serialize',
        });
        expect(reader.parsed).toBe(1);
        expect(reader.rolledBack).toBe(true);
        expect(reader.status).toBe(FAILED_BLOCK);
        expect(reader.malformed).toBe(false);
      }),
    );
  });

  it('never throws on any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
        const reader = new ReplyReader();
        for (const chunk of chunks) {
          if (!reader.malformed) {
            reader.read(Buffer.from(chunk), chunk.length);
          }
        }
      }),
    );
  });

  it('takes FATAL and the warnings of an immediate shutdown for last words, and keeps them over the next request', () => {
    const reader = new ReplyReader();
    readAll(reader, error('FATAL', '57P01', 'terminating connection due to administrator command'));
    expect(reader.error).toBeUndefined();
    reader.clear();
    expect(reader.farewell?.code).toBe('57P01');
    reader.reset();
    expect(reader.farewell).toBeUndefined();
    readAll(
      reader,
      notice('WARNING', '57P02', 'terminating connection because of crash of another server process'),
    );
    expect(reader.farewell?.code).toBe('57P02');
  });

  it('hears that the wait for the synchronous standby was given up', () => {
    const reader = new ReplyReader();
    readAll(
      reader,
      Buffer.concat([
        notice('WARNING', '01000', 'canceling wait for synchronous replication due to user request'),
        complete('COMMIT'),
        ready(IDLE),
      ]),
    );
    expect(reader.unreplicated).toBe(true);
    reader.clear();
    expect(reader.unreplicated).toBe(false);
  });

  it('does not take other tags for ROLLBACK', () => {
    const reader = new ReplyReader();
    for (const tag of ['COMMIT', 'RELEASE', 'RESET', 'REVOKE', 'REFRESH MATERIALIZED VIEW']) {
      readAll(reader, complete(tag));
      expect(reader.rolledBack, tag).toBe(false);
    }
    readAll(reader, complete('ROLLBACK'));
    expect(reader.rolledBack).toBe(true);
  });

  it('sees when the stream is not PostgreSQL', () => {
    const reader = new ReplyReader();
    readAll(reader, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(reader.malformed).toBe(true);
  });
});
