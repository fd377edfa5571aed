import { execFileSync } from 'node:child_process';

/**
 * A network namespace of a test's own, with one link to this machine: when the link is down, packets vanish in both
 * directions, without FIN or RST, as of a machine whose cable is cut. Of TEST-NET-2, which nobody has.
 */
export class Namespace {
  readonly name = `pgha-${process.pid}`;
  /** This machine as the namespace sees it. */
  readonly host = '198.51.100.1';
  private readonly link = `pgh${process.pid}`;

  /** Why there can be none here, undefined when there can. */
  static problem(): string | undefined {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      return 'network namespaces take root on Linux';
    }
    const trial = new Namespace();
    try {
      trial.open();
      return undefined;
    } catch (error) {
      return `no network namespace: ${String(error).split('\n')[0]}`;
    } finally {
      trial.close();
    }
  }

  open(): void {
    ip('netns', 'add', this.name);
    ip('link', 'add', this.link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.name);
    ip('address', 'add', `${this.host}/30`, 'dev', this.link);
    ip('link', 'set', this.link, 'up');
    ip('-n', this.name, 'address', 'add', '198.51.100.2/30', 'dev', 'eth0');
    ip('-n', this.name, 'link', 'set', 'lo', 'up');
    ip('-n', this.name, 'link', 'set', 'eth0', 'up');
  }

  cut(): void {
    ip('link', 'set', this.link, 'down');
  }

  mend(): void {
    ip('link', 'set', this.link, 'up');
  }

  /** Words of a command that runs within. */
  within(command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.name, ...command];
  }

  /** Whatever there is of it; nothing, when there is nothing. */
  close(): void {
    for (const words of [
      ['link', 'delete', this.link],
      ['netns', 'delete', this.name],
    ]) {
      try {
        ip(...words);
      } catch {
        // It was not made.
      }
    }
  }
}

function ip(...words: readonly string[]): void {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
}
