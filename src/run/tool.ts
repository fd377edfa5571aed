import { readFileSync } from 'node:fs';
import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import type { ToolFacts } from '../result/result.js';

/** The version in package.json, two folders above the file that runs, built or not. */
export function toolVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

export function toolFacts(): ToolFacts {
  return {
    version: toolVersion(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
