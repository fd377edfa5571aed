import { RandomStream } from './stream.js';

/**
 * Where the random numbers of a run come from, as in pgbench: one stream is seeded with `--random-seed`, and
 * everything else is seeded with its draws, in this order: each client, the variable default_seed, then for each
 * thread the choice of scripts, the throttle and the sampling of the log. So any worker can find the stream of
 * any client by itself.
 */
export interface SeedChain {
  /** Stream of the random functions of client 0 … clients - 1. */
  client(index: number): RandomStream;
  /** Value of the variable default_seed, unsigned 64 bits. */
  readonly defaultSeed: bigint;
  thread(index: number): ThreadStreams;
}

export interface ThreadStreams {
  /** Which script comes next. */
  readonly choice: RandomStream;
  /** When a throttled transaction starts. */
  readonly throttle: RandomStream;
  /** Which transactions are logged. */
  readonly sampling: RandomStream;
}

export interface SeedChainOptions {
  readonly clients: number;
  readonly threads?: number;
  /** True if the user set default_seed: pgbench then draws none. */
  readonly hasDefaultSeed?: boolean;
}

/** @param seed 64 bits; a negative one counts as its two's complement */
export function seedChain(seed: number | bigint, options: SeedChainOptions): SeedChain {
  const { clients, threads = 1, hasDefaultSeed = false } = options;
  const base = RandomStream.fromSeed(BigInt(seed));
  const clientSeeds = draw(base, clients);
  let defaultSeed = 0n;
  if (!hasDefaultSeed) {
    base.next();
    defaultSeed = (BigInt(base.hi >>> 0) << 32n) | BigInt(base.lo >>> 0);
  }
  const threadSeeds = draw(base, threads * 3);
  return {
    client: (index) => streamAt(clientSeeds, index),
    defaultSeed,
    thread: (index) => ({
      choice: streamAt(threadSeeds, index * 3),
      throttle: streamAt(threadSeeds, index * 3 + 1),
      sampling: streamAt(threadSeeds, index * 3 + 2),
    }),
  };
}

/** Halves of `count` draws, upper first. */
function draw(base: RandomStream, count: number): Int32Array {
  const seeds = new Int32Array(count * 2);
  for (let i = 0; i < count; i += 1) {
    base.next();
    seeds[i * 2] = base.hi;
    seeds[i * 2 + 1] = base.lo;
  }
  return seeds;
}

function streamAt(seeds: Int32Array, index: number): RandomStream {
  const hi = seeds[index * 2];
  const lo = seeds[index * 2 + 1];
  if (hi === undefined || lo === undefined) {
    throw new RangeError(`There is no random stream ${index} among ${seeds.length / 2}.`);
  }
  return new RandomStream(hi, lo);
}
