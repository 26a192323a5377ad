// Philox4x32-10 in AssemblyScript, put before a kernel's source. The ten rounds are written out, because AssemblyScript
// unrolls no loop in an inlined function, which costs a sixth of the whole kernel; and they are written by a program,
// because nobody reads a hundred lines that look alike.

const ROUNDS = 10
const MULTIPLIERS = ['0xd2511f53', '0xcd9e8d57'] as const
const WEYL = ['0x9e3779b9', '0xbb67ae85'] as const
const INLINE = '// @ts-ignore: decorator\n@inline\n'

/** The key of a round, as an expression of `key0` or `key1`. */
const keyOf = (half: 0 | 1, round: number): string =>
  round === 0 ? `key${half}` : `key${half} + ${round} * ${WEYL[half]}`

/** `philox`: the four words of one unit, stored at `out`. */
export function philox(): string {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => [
    `a = <u64>c0 * ${MULTIPLIERS[0]}`,
    `b = <u64>c2 * ${MULTIPLIERS[1]}`,
    `c0 = <u32>(b >> 32) ^ c1 ^ (${keyOf(0, round)})`,
    `c2 = <u32>(a >> 32) ^ c3 ^ (${keyOf(1, round)})`,
    'c1 = <u32>b',
    'c3 = <u32>a',
  ]).flat()
  return func('philox(out: usize, unit: u64, block: u32, domain: u32, key0: u32, key1: u32)', [
    'let a: u64',
    'let b: u64',
    'let c0 = <u32>unit',
    'let c1 = <u32>(unit >> 32)',
    'let c2 = block',
    'let c3 = domain',
    ...rounds,
    ...[0, 1, 2, 3].map((word) => `store<u32>(out, c${word}, ${4 * word})`),
  ])
}

/*
 * The same for eight units in two groups of four lanes, whose rounds alternate: one group alone waits for its own
 * products half of the time.
 *
 * Units of one call differ in their low word only. Hence c2's first product and c0's second are the same for all lanes:
 * philox8Counter() computes them, and rounds 0 and 1 need one product each. The keys of the later rounds are vectors in
 * memory too, since V8 would build a vector of a constant with three instructions in each use.
 *
 * Low words come from a multiplication of their own (i32x4.mul) and not from the 64-bit products: x86 has more
 * multipliers than shuffles to spare here.
 */

/** Vectors that philox8() reads, in their order: those of the counter first. */
const SCHEDULE = ['c2 of round 0', 'c0 of round 1', 'c2 of round 1', 'c0 of round 2', 'c2 of round 2'] as const
const key8 = (half: 0 | 1, round: number): number => SCHEDULE.length - 2 + 2 * (round - 2) + half
const MULTIPLIERS_AT = key8(0, ROUNDS)

/** `philox8Keys` once for a key, then `philox8Counter` for a block of units, then `philox8` as often as one likes. */
export function philox8(): string {
  const splat = (at: number, value: string): string => `v128.store(keys, i32x4.splat(${value}), ${16 * at})`
  const later = Array.from({ length: ROUNDS - 2 }, (_, i) => i + 2)
  const keys = func('philox8Keys(keys: usize, key0: u32, key1: u32)', [
    ...later.flatMap((round) => [splat(key8(0, round), keyOf(0, round)), splat(key8(1, round), keyOf(1, round))]),
    splat(MULTIPLIERS_AT, MULTIPLIERS[0]),
    splat(MULTIPLIERS_AT + 1, MULTIPLIERS[1]),
  ])
  const counter = func('philox8Counter(keys: usize, high: u32, block: u32, domain: u32, key0: u32, key1: u32)', [
    `const b = <u64>block * ${MULTIPLIERS[1]}`,
    `const a = <u64>(<u32>(b >> 32) ^ high ^ key0) * ${MULTIPLIERS[0]}`,
    splat(0, 'domain ^ key1'),
    splat(1, `<u32>b ^ (${keyOf(0, 1)})`),
    splat(2, `<u32>(a >> 32) ^ (${keyOf(1, 1)})`),
    splat(key8(1, 2), `<u32>a ^ (${keyOf(1, 2)})`),
  ])
  return `${keys}\n${counter}\n${rounds8(later)}`
}

/** Word i of the eight units lies from out + i stride on. */
function rounds8(later: readonly number[]): string {
  const both = (...lines: readonly string[]): string[] =>
    ['A', 'B'].flatMap((group) => lines.map((line) => line.replaceAll('$', group)))
  const high = (value: string, by: string): string =>
    `v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(${value}, ${by}), i64x2.extmul_high_i32x4_u(${value}, ${by}), 1, 3, 5, 7)`
  const low = (value: string, by: string): string => `i32x4.mul(${value}, ${by})`
  const vector = (at: number): string => `v128.load(keys, ${16 * at})`
  const rounds = later.flatMap((round) => [
    `k0 = ${vector(key8(0, round))}`,
    `k1 = ${vector(key8(1, round))}`,
    ...both(
      // The key goes to the word that was ready first: c0 and c2 are what the next round waits for.
      'c1$ = v128.xor(c1$, k0)',
      round === 2 ? 'c3$ = k1' : 'c3$ = v128.xor(c3$, k1)',
      `c3$ = v128.xor(${high('c0$', 'm0')}, c3$)`,
      `c1$ = v128.xor(${high('c2$', 'm1')}, c1$)`,
      `low$ = ${low('c0$', 'm0')}`,
      'c0$ = c1$',
      `c1$ = ${low('c2$', 'm1')}`,
      'c2$ = c3$',
      'c3$ = low$',
    ),
  ])
  return func('philox8(out: usize, stride: usize, keys: usize, unitsA: v128, unitsB: v128)', [
    `const m0 = ${vector(MULTIPLIERS_AT)}`,
    `const m1 = ${vector(MULTIPLIERS_AT + 1)}`,
    `let k0 = ${vector(0)}`,
    ...both(`let c2$ = v128.xor(${high('units$', 'm0')}, k0)`),
    `k0 = ${vector(1)}`,
    `let k1 = ${vector(2)}`,
    ...both(
      `let c0$ = v128.xor(${high('c2$', 'm1')}, k0)`,
      `let c1$ = ${low('c2$', 'm1')}`,
      `c2$ = v128.xor(${low('units$', 'm0')}, k1)`,
      'let c3$ = k1',
      'let low$ = k1',
    ),
    ...rounds,
    ...[0, 1, 2, 3].flatMap((word) => [
      `v128.store(out + ${word} * stride, c${word}A)`,
      `v128.store(out + ${word} * stride, c${word}B, 16)`,
    ]),
  ])
}

const func = (signature: string, lines: readonly string[]): string =>
  `${INLINE}function ${signature}: void {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
