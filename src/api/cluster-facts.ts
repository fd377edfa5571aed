import { clusterAccess } from '../cluster/access.js';
import { clusterFacts } from '../cluster/facts.js';
import type { ClusterFacts } from '../result/result.js';
import type { Given } from './arguments.js';
import { memberUrls, readServices } from './services.js';
import { givenChecks, namedLab } from './target.js';
import { readTargetSettings, type TargetSettings } from './target-settings.js';

/** A cluster that was asked for its settings alone; PostgreSQL was not. */
export interface AskedCluster {
  readonly facts: ClusterFacts;
  /** `lab default`, `cluster shop`. */
  readonly of: string;
}

/**
 * Of the cluster that was given, or else of the lab that is up; null without either.
 * @param silent what to do about a target that was named and has no Patroni to ask
 * @throws UserError when what was given is no target, or does not answer
 */
export async function givenClusterFacts(
  given: Given,
  silent: (settings: TargetSettings) => null,
): Promise<AskedCluster | null> {
  const settings = await readTargetSettings(given, 'patroni');
  if (settings.kind !== 'addresses') {
    const lab = await namedLab(given, settings);
    if (lab === undefined) {
      return null;
    }
    const { target, secrets } = lab;
    const facts = await clusterFacts(target, null, lab.settings, clusterAccess(target, secrets));
    return { facts, of: `lab ${target.name}` };
  }
  const services = readServices(settings);
  const { target, secrets } = services;
  const patroni = await memberUrls(settings, services);
  if (patroni.length === 0) {
    return silent(settings);
  }
  const endpoint = { host: '', port: 0, user: '', database: '', sslMode: 'disable' } as const;
  const cluster = { kind: 'cluster', name: 'cluster', rw: endpoint, patroni, ...target } as const;
  const facts = await clusterFacts(cluster, null, givenChecks(settings), clusterAccess(cluster, secrets));
  return { facts, of: `cluster ${facts.scope ?? ''}`.trim() };
}
