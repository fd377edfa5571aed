import { FAULTS } from '../faults/registry.js';
import {
  CLOSED,
  CONNECT_CLOSED,
  CONNECT_TIMEOUT,
  OPEN_TRANSACTION,
  PROTOCOL,
  ROLLED_BACK,
  SCRIPT,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
} from '../postgres/failure.js';
import type { Part } from './metric.js';

export interface PartForm {
  /** For lists. */
  readonly forms: string;
  /** For messages. */
  readonly what: string;
  readonly examples: string;
  /** For suggestions. */
  readonly known: readonly string[];
  readonly isKnown: (part: string) => boolean;
}

const CODE_WORDS = [
  CLOSED,
  CONNECT_CLOSED,
  CONNECT_TIMEOUT,
  STATEMENT_TIMEOUT,
  TRANSACTION_TIMEOUT,
  PROTOCOL,
  ROLLED_BACK,
  OPEN_TRANSACTION,
  SCRIPT,
  'run_ended',
];

const ERRNOS = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
];

/** A code that nobody has is never counted: a mistyped one would make a gate that always holds. */
function isCode(part: string): boolean {
  return CODE_WORDS.includes(part) || /^[0-9A-Z][0-9][0-9A-Z]{3}$/.test(part) || /^E[A-Z_]{2,}$/.test(part);
}

const FAULT_KINDS = FAULTS.map(({ kind }) => kind);

/** What may stand in the brackets of a metric. */
export const PARTS: Readonly<Record<Part, PartForm>> = {
  code: {
    forms: '[CODE]',
    what: 'the code of an error',
    examples: '25006, ECONNREFUSED or connect_closed',
    known: [...CODE_WORDS, ...ERRNOS],
    isKnown: isCode,
  },
  port: {
    forms: '[rw] [ro]',
    what: 'a port',
    examples: 'rw or ro',
    known: ['rw', 'ro'],
    isKnown: (part) => part === 'rw' || part === 'ro',
  },
  fault: {
    forms: '[FAULT]',
    what: 'a kind of fault',
    examples: 'switchover or kill-node',
    known: FAULT_KINDS,
    isKnown: (part) => FAULT_KINDS.includes(part),
  },
};
