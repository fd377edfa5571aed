import { patroniSettings } from '../cluster/facts.js';
import type { PatroniConfig } from '../cluster/patroni.js';
import { warning } from './complaint.js';
import type { HaproxyEvidence } from './haproxy-evidence.js';
import type { Look } from './patroni-look.js';
import { timeOf } from './patroni-settings.js';

/** Patroni's own timeout for members that it asks before it takes over, s. */
const RACE_S = 2;

/**
 * A frozen server answers no check: each takes as long as `timeout check`, and only after `fall` of them it is DOWN. If
 * that is later than the next leader is UP, new connections go to both.
 */
export function brownOut(config: PatroniConfig, checks: HaproxyEvidence['checks']): Look {
  const inter = seconds(checks['haproxy.inter']);
  const fast = seconds(checks['haproxy.fastinter']) ?? inter;
  const timeout = seconds(checks['haproxy.timeout_check']);
  const { 'haproxy.fall': fall, 'haproxy.rise': rise } = checks;
  if (inter === null || fast === null || timeout === null || fall === undefined || rise === undefined) {
    return 'how often HAProxy checks is not known';
  }
  const downS = inter + timeout + (Number(fall) - 1) * (fast + timeout);
  const upS = inter + (Number(rise) - 1) * fast;
  const takeoverS = Number(patroniSettings(config)['patroni.ttl']) + RACE_S + upS;
  return downS <= takeoverS
    ? []
    : [
        warning(
          null,
          `HAProxy leaves a frozen server after up to ${round(downS)} s, and the next leader is UP after ${round(takeoverS)} s at most.`,
          'In between, part of the new connections goes to the frozen server and hangs.',
          `Lower \`timeout check\` (${round(timeout)} s) or fall (${fall}).`,
        ),
      ];
}

function seconds(text: string | number | undefined): number | null {
  const ms = timeOf(text);
  return ms === null ? null : ms / 1000;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
