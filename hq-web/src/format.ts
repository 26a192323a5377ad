// Numbers, times and digests as HQ writes them. English, and UTC where a time is exact, as the API has it.

const whole = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 })
const money = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const rough = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 4 })
const figure = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 7 })

export const count = (n: number | bigint | string): string => whole.format(typeof n === 'string' ? BigInt(n) : n)
export const credits = (n: number): string => money.format(n)
/** A result: at most seven digits that mean something. */
export const amount = (n: number): string => figure.format(n)
/** How far off a result may be: four are enough. */
export const error = (n: number): string => rough.format(n)
export const percent = (share: number, digits = 1): string => `${(share * 100).toFixed(digits)} %`

/** `2026-03-14 14:31:57.204 UTC`. */
export const exactTime = (iso: string): string => iso.replace('T', ' ').replace('Z', ' UTC')

const STEPS: readonly (readonly [most: number, unit: number, name: string])[] = [
  [60_000, 1_000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
]

/** Rounded down: `59 s`, `3 min`, `2 h`, `12 d`. Clocks that differ by a little make no negative age. */
export function age(ms: number): string {
  const past = Math.max(0, ms)
  const [, unit, name] = STEPS.find(([most]) => past < most) ?? STEPS[3] ?? [0, 1, '']
  return `${Math.floor(past / unit)} ${name}`
}

/** What is left of a wait, rounded up as the pool tells the agent: `24 h`, at least `1 h`. */
export const hoursLeft = (ms: number): string => `${Math.max(1, Math.ceil(ms / 3_600_000))} h`

/** `14 ms`, `2.31 s`, `4 min 10 s`, `3 h 2 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}

/** Where nobody compares: the whole stands in the title beside it. */
export const shortId = (id: string): string => `${id.slice(0, 6)}…${id.slice(-4)}`

/** Eight characters each, as a person compares them. */
export const groups = (digest: string): string[] => digest.match(/.{1,8}/g) ?? []

const BINARY = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `512 bytes`, `1.5 KiB`, `64 MiB`. */
export function bytes(n: number): string {
  const step = Math.min(BINARY.length - 1, n < 1 ? 0 : Math.floor(Math.log2(n) / 10))
  return `${rough.format(n / 2 ** (10 * step))} ${n === 1 ? 'byte' : BINARY[step]}`
}

const LARGE = [
  [1e15, 'quadrillion'],
  [1e12, 'trillion'],
  [1e9, 'billion'],
  [1e6, 'million'],
] as const

/** `10 million`, `1.2 billion`; less than a million as it is. */
export function large(n: number): string {
  const [unit, name] = LARGE.find(([least]) => n >= least) ?? []
  return unit === undefined ? count(n) : `${figure.format(n / unit)} ${name}`
}
