import type { PatroniCluster } from '../cluster/patroni.js';
import { type Answer, type Asked, each, given } from './answer.js';
import type { LiveCheck, LiveEvidence } from './evidence.js';
import type { Complaint } from './finding.js';
import type { PatroniEvidence } from './patroni-evidence.js';

/** What a check says: what is wrong, or why it could not be looked at. */
export type Look = readonly Complaint[] | string;

export type Self = PatroniEvidence['members'][number]['self'] extends Answer<infer T> ? T : never;

export function onPatroni(look: (patroni: PatroniEvidence) => Look): LiveCheck['look'] {
  return ({ patroni }: LiveEvidence) => given(patroni, look);
}

export function onCluster(
  look: (cluster: PatroniCluster, patroni: PatroniEvidence) => Look,
): LiveCheck['look'] {
  return onPatroni((patroni) => given(patroni.cluster, (cluster) => look(cluster, patroni)));
}

export function onMembers(look: (member: Self, name: string) => readonly Complaint[]): LiveCheck['look'] {
  return onPatroni((patroni) => each(asked(patroni), look));
}

export function asked({ members }: PatroniEvidence): readonly Asked<Self>[] {
  return members.map(({ name, self }) => ({ name, answer: self }));
}
