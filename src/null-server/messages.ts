/*
 * Messages that a PostgreSQL server sends, whole, as bytes.
 * Source: PostgreSQL documentation, chapter "Frontend/Backend Protocol", message formats.
 */

/** A column of a row, by the type that it is read as. */
export interface Column {
  readonly name: string;
  readonly type: 'bool' | 'int4' | 'json' | 'text' | 'text[]';
}

const OIDS: Readonly<Record<Column['type'], number>> = {
  bool: 16,
  int4: 23,
  json: 114,
  text: 25,
  'text[]': 1009,
};

export const AUTHENTICATION_OK = message('R', int32(0));
export const PARSE_COMPLETE = message('1');
export const BIND_COMPLETE = message('2');
export const CLOSE_COMPLETE = message('3');
export const NO_DATA = message('n');
export const EMPTY_QUERY = message('I');
/** Answers a request for TLS: there is none. */
export const NO_TLS = Buffer.from('N');

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', text(name), text(value));
}

export function backendKeyData(processId: number, key: number): Buffer {
  return message('K', int32(processId), int32(key));
}

/** @param status I: no transaction; T: within a block */
export function readyForQuery(status: 'I' | 'T'): Buffer {
  return message('Z', Buffer.from(status));
}

/** @param tag `SELECT 1` */
export function commandComplete(tag: string): Buffer {
  return message('C', text(tag));
}

export function rowDescription(columns: readonly Column[]): Buffer {
  const fields = columns.map(({ name, type }) =>
    Buffer.concat([text(name), int32(0), int16(0), int32(OIDS[type]), int16(-1), int32(-1), int16(0)]),
  );
  return message('T', int16(columns.length), ...fields);
}

export function dataRow(values: readonly (string | null)[]): Buffer {
  const fields = values.map((value) => {
    const bytes = Buffer.from(value ?? '');
    return Buffer.concat([int32(value === null ? -1 : bytes.length), bytes]);
  });
  return message('D', int16(values.length), ...fields);
}

export function errorResponse(severity: 'ERROR' | 'FATAL', code: string, said: string): Buffer {
  const fields = { S: severity, V: severity, C: code, M: said };
  const bytes = Object.entries(fields).map(([name, value]) =>
    Buffer.concat([Buffer.from(name), text(value)]),
  );
  return message('E', ...bytes, Buffer.from([0]));
}

function message(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
