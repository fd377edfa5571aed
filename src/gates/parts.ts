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

/** What Node says of a certificate that it does not take (its documentation of tls, "X509 certificate error codes"). */
const CERTIFICATE_CODES = [
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CRL_HAS_EXPIRED',
  'CRL_NOT_YET_VALID',
  'CRL_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'OUT_OF_MEM',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

const KNOWN_CODES = [...CODE_WORDS, ...ERRNOS, ...CERTIFICATE_CODES];

/** A code that nobody has is never counted: a mistyped one would make a gate that always holds. */
function isCode(part: string): boolean {
  return KNOWN_CODES.includes(part) || isSqlState(part) || /^E[A-Z_]{2,}$/.test(part) || isNodeCode(part);
}

/** Five signs, XX000 and F0000 as well as 25006; a word of five letters is none. */
function isSqlState(part: string): boolean {
  return /^[0-9A-Z]{5}$/.test(part) && /[0-9]/.test(part);
}

/** ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: TLS that failed otherwise. */
function isNodeCode(part: string): boolean {
  return /^ERR_[A-Z0-9_]+$/.test(part);
}

const FAULT_KINDS = FAULTS.map(({ kind }) => kind);

/** What may stand in the brackets of a metric. */
export const PARTS: Readonly<Record<Part, PartForm>> = {
  code: {
    forms: '[CODE]',
    what: 'the code of an error',
    examples: '25006, ECONNREFUSED or connect_closed',
    known: KNOWN_CODES,
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
