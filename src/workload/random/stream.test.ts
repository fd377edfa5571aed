import { expect, test } from 'vitest';
import { seedChain } from './seed-chain.js';
import { RandomStream } from './stream.js';

const MASK = (1n << 64n) - 1n;

/** The same generator once more, in the plainest form that it has. */
class Reference {
  private a: bigint;
  private b: bigint;

  constructor(seed: bigint) {
    let counter = seed;
    const mix = () => {
      counter = (counter + 0x9e3779b97f4a7c15n) & MASK;
      let z = counter;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
      return z ^ (z >> 31n);
    };
    this.a = mix();
    this.b = mix();
  }

  next(): bigint {
    const out = (rotate((this.a * 5n) & MASK, 7n) * 9n) & MASK;
    const x = this.b ^ this.a;
    this.a = rotate(this.a, 24n) ^ x ^ ((x << 16n) & MASK);
    this.b = rotate(x, 37n);
    return out;
  }

  range(span: bigint): bigint {
    if (span === 0n) {
      return 0n;
    }
    const bits = BigInt(span.toString(2).length);
    let value: bigint;
    do {
      value = this.next() >> (64n - bits);
    } while (value > span);
    return value;
  }
}

function rotate(x: bigint, bits: bigint): bigint {
  return ((x << bits) & MASK) | (x >> (64n - bits));
}

function drawn(stream: RandomStream): bigint {
  return (BigInt(stream.hi >>> 0) << 32n) | BigInt(stream.lo >>> 0);
}

test.each([0n, 1n, 5432n, MASK, 0x8000_0000_0000_0000n])(
  'draws what the definition says, seed %s',
  (seed) => {
    const stream = RandomStream.fromSeed(seed);
    const reference = new Reference(seed);
    for (let i = 0; i < 2000; i += 1) {
      stream.next();
      expect(drawn(stream)).toBe(reference.next());
    }
  },
);

test.each([
  [0, 0],
  [1, 2],
  [10, 19],
  [-5000, 5000],
  [1, 100_000],
  [0, 0xffffffff],
  [0, 0x1_0000_0000],
  [-1, 0xffff_ffff_ffff],
  [1 - 2 ** 53, 0],
])('range(%d, %d) takes as many draws as the definition', (lower, upper) => {
  const stream = RandomStream.fromSeed(42n);
  const reference = new Reference(42n);
  for (let i = 0; i < 300; i += 1) {
    expect(stream.range(lower, upper)).toBe(lower + Number(reference.range(BigInt(upper) - BigInt(lower))));
  }
});

test.each([0n, 1n, 5n, 0xffff_ffffn, 0x1_0000_0000n, 0x7fff_ffff_ffff_fffen, MASK])(
  'offset draws in a span of %s',
  (span) => {
    const stream = RandomStream.fromSeed(7n);
    const reference = new Reference(7n);
    for (let i = 0; i < 300; i += 1) {
      stream.offset(Number(BigInt.asIntN(32, span >> 32n)), Number(BigInt.asIntN(32, span)));
      expect(drawn(stream)).toBe(reference.range(span));
    }
  },
);

test('the first random() of client 0 with seed 5432 is the one of PostgreSQL’s own test', () => {
  expect(seedChain(5432, { clients: 1 }).client(0).range(10, 19)).toBe(17);
});

test('a client has the same stream whatever the worker, and threads come behind all clients', () => {
  const chain = seedChain(1, { clients: 3, threads: 2 });
  const reference = new Reference(1n);
  const seeds = Array.from({ length: 3 }, () => reference.next());
  for (const [index, seed] of seeds.entries()) {
    const stream = chain.client(index);
    stream.next();
    expect(drawn(stream)).toBe(new Reference(seed).next());
  }
  expect(chain.defaultSeed).toBe(reference.next());
  reference.next();
  reference.next();
  reference.next();
  reference.next();
  const throttle = chain.thread(1).throttle;
  throttle.next();
  expect(drawn(throttle)).toBe(new Reference(reference.next()).next());
  expect(() => chain.client(3)).toThrow(RangeError);
});

test('a default_seed of the user’s draws none from the chain', () => {
  const chain = seedChain(1, { clients: 1, hasDefaultSeed: true });
  const reference = new Reference(1n);
  reference.next();
  const choice = chain.thread(0).choice;
  choice.next();
  expect(drawn(choice)).toBe(new Reference(reference.next()).next());
});

test('restore() goes back to save()', () => {
  const stream = RandomStream.fromSeed(3n);
  stream.next();
  stream.save();
  const first = Array.from({ length: 5 }, () => stream.range(0, 1e6));
  stream.restore();
  expect(Array.from({ length: 5 }, () => stream.range(0, 1e6))).toEqual(first);
});
