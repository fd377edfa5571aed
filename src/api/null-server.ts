import { filesNeeded, openFilesLimit } from '../load/open-files.js';

export { NullServer, type NullServerOptions, startNullServer } from '../null-server/server.js';

/** How many clients it can take, by the files that this process may have open; null where nothing limits that or it is not known. */
export function connectionsOfNullServer(): number | null {
  const limit = openFilesLimit();
  return limit === null || limit === Number.POSITIVE_INFINITY
    ? null
    : Math.max(0, limit - filesNeeded({ connections: 0, workers: 0, lookers: 0 }));
}
