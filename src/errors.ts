/** An error that the user can act on. The CLI prints it in one line and exits with code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';

  /**
   * @param message what was expected and what was found, one sentence
   * @param action what to do next, one sentence, without which the message would be a riddle
   */
  constructor(message: string, action?: string) {
    super(action === undefined ? message : `${message} ${action}`);
  }
}

/** The message of whatever was thrown: a driver or Node may throw an AggregateError with an empty one. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return messageOf(error.errors[0]);
  }
  if (error instanceof Error) {
    return error.message || codeOf(error) || error.name;
  }
  return String(error);
}

/** The `code` of an error: a SQLSTATE from PostgreSQL, an errno name from Node; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return codeOf(error.errors[0]);
  }
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return undefined;
}

/** The same where it goes into a line: of what OpenSSL says, the reason alone, for the rest names its source code. */
export function lineOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'reason' in error && typeof error.reason === 'string') {
    return error.reason;
  }
  return messageOf(error)
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .trim();
}
