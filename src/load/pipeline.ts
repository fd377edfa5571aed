import { SYNC } from '../postgres/messages.js';
import { IDLE } from '../postgres/replies.js';
import type { Session } from '../postgres/session.js';
import type { Verb } from '../workload/program.js';
import type { Variables } from '../workload/variables.js';
import type { ClientScript } from './client-scripts.js';

/**
 * What a client sends between \startpipeline and \endpipeline, in one write; its bytes lie in the session's room. One
 * object for all pipelines of a client, one after the other.
 */
export class Pipeline {
  /** Of the pipeline that is being filled, or was sent and is not answered; else 0. */
  syncs = 0;
  /** Whether the replies decide over a commit: what writes outside a block is committed by the Sync. */
  commits = false;

  private session: Session | undefined;
  private script: ClientScript | undefined;
  private length = 0;
  private inBlock = false;
  /** Statements whose Parse is in it, in order; -1 for one that the session does not keep. */
  private readonly parses: number[] = [];

  constructor(private readonly variables: Variables) {}

  start(session: Session, script: ClientScript): void {
    this.session = session;
    this.script = script;
    this.length = 0;
    this.syncs = 0;
    this.inBlock = session.replies.status !== IDLE;
    this.commits = false;
  }

  /** @param index of the statement among those of the script */
  append(index: number): void {
    const { variables } = this;
    const session = this.session as Session;
    const script = this.script as ClientScript;
    const encoder = script.encoders[index] as ClientScript['encoders'][number];
    const number = script.firstStatement + index;
    const parse = !encoder.keepsParsed || (session.parsed[number] === 0 && !this.parses.includes(number));
    if (parse) {
      this.parses.push(encoder.keepsParsed ? number : -1);
    }
    const buffer = session.room(this.length + encoder.bound(variables), this.length);
    this.length = encoder.encode(buffer, this.length, variables, parse, false);
    this.noteVerb((script.program.statements[index] as { readonly verb: Verb }).verb, script.writes);
  }

  sync(): void {
    const session = this.session as Session;
    session.room(this.length + SYNC.length, this.length).set(SYNC, this.length);
    this.length += SYNC.length;
    this.syncs++;
  }

  /** Behind its last Sync. */
  send(): void {
    (this.session as Session).sendRoom(this.length, this.syncs);
  }

  /** Behind an error the server skips what follows up to the Sync: with one Sync only the first ones were parsed. */
  noteParsed(): void {
    const { parsed, replies } = this.session as Session;
    for (let i = 0; i < replies.parsed && i < this.parses.length; i++) {
      const number = this.parses[i] as number;
      if (number >= 0) {
        parsed[number] = 1;
      }
    }
    this.parses.length = 0;
  }

  /** All replies are there, and none is an error. */
  answered(): void {
    this.syncs = 0;
  }

  /** Whatever becomes of it, nobody asks. */
  forget(): void {
    this.syncs = 0;
    this.parses.length = 0;
  }

  private noteVerb(verb: Verb, writes: boolean): void {
    this.commits ||= writes && (verb === 'commit' || (verb === 'write' && !this.inBlock));
    if (verb === 'begin') {
      this.inBlock = true;
    } else if (verb === 'commit' || verb === 'rollback') {
      this.inBlock = false;
    }
  }
}
