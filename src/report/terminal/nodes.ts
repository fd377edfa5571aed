import type { Result } from '../../result/result.js';
import { plain } from './text.js';

/** The member's name where it is known: people think in nodes. */
export function nodeOf(server: string, { cluster }: Result): string {
  return plain(cluster.members.find(({ address }) => address === server)?.name ?? server);
}
