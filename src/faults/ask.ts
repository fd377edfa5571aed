import type { HttpAccess } from '../cluster/http.js';
import type { PatroniAnswer } from '../cluster/patroni.js';
import { messageOf } from '../errors.js';
import type { FaultRecord } from '../result/result.js';
import { type FaultContext, notAsked } from './fault.js';
import { type Look, lookAt } from './look.js';

/** A request to Patroni that is a fault. */
export interface Order {
  /** Whom it is done to; null for the whole cluster. */
  readonly subject: string | null;
  /** In words, `POST http://127.0.1.1:8008/switchover leader=n1 candidate=n2`. */
  readonly asked: string;
  send(access: HttpAccess): Promise<PatroniAnswer>;
}

/** Patroni polls for up to 2 × max(10, loop_wait) seconds before it answers. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Looks who is who, asks, and records it. Never rejects. */
export async function askPatroni(
  context: FaultContext,
  orderFor: (look: Look) => Order | Promise<Order>,
): Promise<FaultRecord> {
  const { target, plan, clock, signal, access, round } = context;
  const record = notAsked(plan, round);
  let order: Order;
  let look: Look;
  try {
    look = await lookAt(target, access);
    order = await orderFor(look);
  } catch (error) {
    return { ...record, failure: messageOf(error) };
  }
  const { subject, asked } = order;
  const sent = { ...record, subject, etcdLeader: look.etcdLeader, askedAtMs: clock.nowMs(), asked };
  try {
    const { status, text } = await order.send({ ...access.patroni, signal, timeoutMs: ANSWER_TIMEOUT_MS });
    const answer = `${status} ${oneLine(text)}`.trim();
    return { ...sent, answeredAtMs: clock.nowMs(), answer, failure: refusal(status, answer) };
  } catch (error) {
    // No reply is no verdict: what happened is what the observers saw.
    return { ...sent, answer: messageOf(error) };
  }
}

/** 503 may mean that the status is unknown while it goes on; 4xx means that nothing was begun. */
function refusal(status: number, answer: string): string | null {
  return status >= 400 && status < 500 ? `Patroni refused: ${answer}` : null;
}

/** Its errors may be pages of HTML. */
function oneLine(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}
