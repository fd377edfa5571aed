import { UserError } from '../errors.js';
import { didYouMean } from '../plan/nearest.js';

/**
 * Programs in JavaScript have no types that would tell them.
 * @param who has the options, for the message
 * @throws UserError for an option that there is not
 */
export function refuseUnknown(who: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UserError(`${who} has no option '${unknown}'.${didYouMean(unknown, known)}`);
  }
}
