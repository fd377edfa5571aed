import type { Complaint, Severity } from './finding.js';

/** @param subject a member, a server, a file; null for the whole */
export type Make = (subject: string | null, found: string, why: string, fix: string) => Complaint;

/** A run would fail or mislead. */
export const refusal: Make = make('refuse');

/** The figures of a run would be other than they seem. */
export const warning: Make = make('warn');

/** Good to know. */
export const note: Make = make('note');

function make(severity: Severity): Make {
  return (subject, found, why, fix) => ({ severity, subject, found, why, fix });
}
