import type { Event } from '../result/result.js';

/** The events of a run as they come, and who leads by them. */
export class EventLog {
  private readonly events: Event[] = [];
  private leads: string | null = null;
  private changes = 0;
  private nobody = false;
  private hasEtcd = false;

  /** @param onLeader called for each change of the leader, with its instant in ms */
  constructor(private readonly onLeader: (atMs: number) => void) {}

  add(event: Event): void {
    this.events.push(event);
    if (!isLeaderEvent(event)) {
      return;
    }
    // One that never named a leader is not the etcd that Patroni keeps it in.
    this.hasEtcd ||= event.layer === 'etcd' && event.to !== null && event.to !== '';
    if (this.hasEtcd ? event.layer !== 'etcd' : event.layer === 'etcd') {
      return; // What is polled comes late, and might name one who leads no more.
    }
    const before = this.leads;
    // That nobody leads for a while is no other leader.
    if (event.to !== null && event.to !== '' && event.to !== before) {
      this.leads = event.to;
      if (before !== null) {
        this.changes++;
        this.onLeader(event.atMs);
      }
    }
    this.nobody = event.to === null || event.to === '';
  }

  /** The member that led last; null before any was seen. */
  get leader(): string | null {
    return this.leads;
  }

  /** As `leader`, but '' while nobody leads. */
  get leaderNow(): string | null {
    return this.leads !== null && this.nobody ? '' : this.leads;
  }

  get leaderChanges(): number {
    return this.changes;
  }

  /** What came after so many, in the order in which it was told of. */
  since(count: number): readonly Event[] {
    return this.events.slice(count);
  }

  /** In order of time. */
  sorted(): readonly Event[] {
    return this.events.toSorted((a, b) => a.atMs - b.atMs);
  }
}

/** Of whoever holds the leader key: etcd's watch sees it at once, Patroni's /cluster within a second. */
function isLeaderEvent({ kind }: Event): boolean {
  return (
    kind === 'leader' ||
    kind === 'leader_gone' ||
    kind === 'leader_key' ||
    kind === 'leader_key_taken' ||
    kind === 'leader_key_gone'
  );
}
