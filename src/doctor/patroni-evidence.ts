import { checkCredentials } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import {
  type ClusterMember,
  getCluster,
  getConfig,
  getMember,
  type PatroniCluster,
  type PatroniConfig,
  type PatroniMember,
} from '../cluster/patroni.js';
import { UserError } from '../errors.js';
import { type Answer, answerOf } from './answer.js';

export interface PatroniEvidence {
  readonly cluster: Answer<PatroniCluster>;
  readonly config: Answer<PatroniConfig>;
  readonly members: readonly PatroniNode[];
  /** Why we may not change anything; null when we may. */
  readonly refusal: Answer<string | null>;
}

export interface PatroniNode {
  /** Its URL where nobody knows its name. */
  readonly name: string;
  readonly apiUrl: string;
  readonly self: Answer<PatroniMember>;
  /** What it had received or replayed when it was asked again, after all had answered once, bytes; null when unknown. */
  readonly reachedLater: number | null;
  /** Median of some answers to what HAProxy asks; null where it did not answer. */
  readonly answeredMs: number | null;
}

/** Of a question to Patroni's API; it is one of several behind each other. */
const TIMEOUT_MS = 2000;

/** How often a member is asked how long it takes: each answer costs it a query. */
const SAMPLES = 5;

/**
 * @param urls members' base URLs; the others are found from them
 * @param depth `quick`: what decides whether a run makes sense, and nothing that takes several questions
 */
export async function gatherPatroni(
  urls: readonly string[],
  access: HttpAccess,
  depth: 'quick' | 'full',
): Promise<PatroniEvidence> {
  const patient = { ...access, timeoutMs: TIMEOUT_MS };
  const cluster = await answerOf((signal) => firstOf(urls, (url) => getCluster(url, { ...patient, signal })));
  const known = 'value' in cluster ? cluster.value.members : [];
  const listed = known.map(({ name, apiUrl }) => ({ name, apiUrl }));
  const unlisted = urls
    .filter((url) => known.every(({ apiUrl }) => apiUrl !== url))
    .map((url) => ({ name: url, apiUrl: url }));
  const nodes = [...listed, ...unlisted];
  const [config, refusal, ...first] = await Promise.all([
    answerOf((signal) => firstOf(urls, (url) => getConfig(url, { ...patient, signal }))),
    depth === 'quick'
      ? { unknown: 'not asked' }
      : answerOf(() =>
          refusalOf(
            nodes.map(({ apiUrl }) => apiUrl),
            patient,
          ),
        ),
    ...nodes.map((node) => lookAt(node, patient)),
  ]);
  const looked = withoutAliases(first, known);
  const members =
    depth === 'quick' ? looked : await Promise.all(looked.map((node) => lookAgain(node, patient)));
  return { cluster, config, refusal, members };
}

/**
 * One that answers at an address that is not listed is one of those that are: it speaks for that one where its own
 * address does not lead there from here. Or it is not in the cluster; one that does not answer may have been away for so
 * long that its key has expired.
 */
function withoutAliases(
  nodes: readonly PatroniNode[],
  listed: readonly ClusterMember[],
): readonly PatroniNode[] {
  const isListed = ({ name }: PatroniNode) => listed.some((each) => each.name === name);
  const aliases = nodes.filter((node) => !isListed(node) && 'value' in node.self);
  if (listed.length === 0) {
    return nodes;
  }
  const leader = listed.find(({ role }) => role === 'leader')?.name;
  const isOf = ({ self }: PatroniNode, name: string) =>
    // Before 3.2 a member does not tell its name.
    'value' in self && (self.value.name ?? (self.value.role === 'primary' ? leader : null)) === name;
  return nodes
    .filter((node) => !aliases.includes(node))
    .map((node) => {
      const alias = 'unknown' in node.self ? aliases.find((each) => isOf(each, node.name)) : undefined;
      return alias === undefined ? node : { ...alias, name: node.name };
    });
}

/** All are asked at the same time: those that are down take long to say nothing. */
async function firstOf<T>(urls: readonly string[], ask: (url: string) => Promise<T>): Promise<T> {
  return Promise.any(urls.map(ask));
}

async function lookAt(
  { name, apiUrl }: Pick<PatroniNode, 'name' | 'apiUrl'>,
  access: HttpAccess,
): Promise<PatroniNode> {
  const self = await answerOf((signal) => getMember(apiUrl, { ...access, signal }));
  return { name, apiUrl, self, reachedLater: null, answeredMs: null };
}

async function lookAgain(node: PatroniNode, access: HttpAccess): Promise<PatroniNode> {
  if ('unknown' in node.self) {
    return node;
  }
  const times: number[] = [];
  let reachedLater: number | null = null;
  await answerOf(async (signal) => {
    for (let sample = 0; sample < SAMPLES; sample++) {
      const askedMs = performance.now();
      const { receivedLocation, replayedLocation } = await getMember(node.apiUrl, { ...access, signal });
      times.push(performance.now() - askedMs);
      reachedLater ??= furtherOf(receivedLocation, replayedLocation);
    }
  });
  const answeredMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
  return { ...node, reachedLater, answeredMs };
}

function furtherOf(received: number | null, replayed: number | null): number | null {
  return received === null && replayed === null ? null : Math.max(received ?? 0, replayed ?? 0);
}

async function refusalOf(urls: readonly string[], access: HttpAccess): Promise<string | null> {
  try {
    await checkCredentials(urls, access);
    return null;
  } catch (error) {
    if (error instanceof UserError) {
      return error.message;
    }
    throw error;
  }
}
