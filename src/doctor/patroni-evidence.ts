import { checkCredentials } from '../cluster/access.js';
import type { HttpAccess } from '../cluster/http.js';
import {
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
  const nodes = [
    ...known.map(({ name, apiUrl }) => ({ name, apiUrl })),
    ...urls
      .filter((url) => known.every(({ apiUrl }) => apiUrl !== url))
      // Another address of a member that is listed is no other member.
      .slice(0, known.length === 0 ? undefined : 0)
      .map((url) => ({ name: url, apiUrl: url })),
  ];
  const [config, refusal, ...members] = await Promise.all([
    answerOf((signal) => firstOf(urls, (url) => getConfig(url, { ...patient, signal }))),
    depth === 'quick'
      ? { unknown: 'not asked' }
      : answerOf(() =>
          refusalOf(
            nodes.map(({ apiUrl }) => apiUrl),
            patient,
          ),
        ),
    ...nodes.map((node) => lookAt(node, patient, depth === 'quick' ? 0 : SAMPLES)),
  ]);
  return { cluster, config, refusal, members };
}

/** All are asked at the same time: those that are down take long to say nothing. */
async function firstOf<T>(urls: readonly string[], ask: (url: string) => Promise<T>): Promise<T> {
  return Promise.any(urls.map(ask));
}

async function lookAt(
  { name, apiUrl }: Pick<PatroniNode, 'name' | 'apiUrl'>,
  access: HttpAccess,
  samples: number,
): Promise<PatroniNode> {
  const self = await answerOf((signal) => getMember(apiUrl, { ...access, signal }));
  const times: number[] = [];
  if ('value' in self && samples > 0) {
    await answerOf(async (signal) => {
      for (let sample = 0; sample < samples; sample++) {
        const askedMs = performance.now();
        await getMember(apiUrl, { ...access, signal });
        times.push(performance.now() - askedMs);
      }
    });
  }
  const answeredMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;
  return { name, apiUrl, self, answeredMs };
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
