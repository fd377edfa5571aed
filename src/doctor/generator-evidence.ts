import { readFile } from 'node:fs/promises';
import { type Answer, answerOf } from './answer.js';

/** The machine that makes the load. */
export interface GeneratorEvidence {
  /** Files that a process may have open. */
  readonly openFiles: Answer<number>;
  /** Ports that an outgoing connection may have. */
  readonly ephemeralPorts: Answer<number>;
  /** Connections that have ended, and whose ports are not free yet. */
  readonly timeWait: Answer<number>;
}

export async function gatherGenerator(): Promise<GeneratorEvidence> {
  const [openFiles, ephemeralPorts, timeWait] = await Promise.all([
    // Node raises the soft limit to the hard one when it starts; the file tells of the process as it is.
    numberIn('/proc/self/limits', /^Max open files\s+(\d+)/m),
    answerOf(async () => portsOf(await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))),
    numberIn('/proc/net/sockstat', /^TCP:.* tw (\d+)/m),
  ]);
  return { openFiles, ephemeralPorts, timeWait };
}

function numberIn(path: string, pattern: RegExp): Promise<Answer<number>> {
  return answerOf(async () => {
    const [, digits] = pattern.exec(await readFile(path, 'utf8')) ?? [];
    if (digits === undefined) {
      throw new Error(`${path} does not tell`);
    }
    return Number(digits);
  });
}

function portsOf(range: string): number {
  const [first = Number.NaN, last = Number.NaN] = range.trim().split(/\s+/).map(Number);
  if (Number.isNaN(last - first)) {
    throw new Error('the range of ports is none');
  }
  return last - first + 1;
}
