// `pnpm sim`: the Hub's core in simulated worlds, each from a seed: virtual time and every fault that the design names. It
// prints what was run, the faults injected and the promises broken; one that was broken ends it with 1 and names the seed.
// With --seed it tells one world, a line an event; with --guards it removes the core's guards one by one.
import { parseArgs } from 'node:util'
import { guardsReport } from '@forge/server/hub/sim/guards-report.ts'
import { noSeeds, runSeed, toldRun } from '@forge/server/hub/sim/seeds.ts'

const USAGE = `pnpm sim                        500 worlds
pnpm sim --seeds N --from SEED  so many, from there on
pnpm sim --minutes M            as many as there is time for
pnpm sim --seed SEED            one world, told event by event
pnpm sim --guards all           each guard of the core removed in turn, 2,000 seeds each or --seeds N; instead of all,
                                missing: those that the table does not have, or a part of their names;
                                --write puts the table into docs/reliability.md`

class UsageError extends Error {}

function valuesOf(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = {
    seed: text,
    from: text,
    seeds: text,
    minutes: text,
    guards: text,
    write: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

type Values = ReturnType<typeof valuesOf>

/** Flags that would be ignored are refused, like those that do not exist. */
function refuseOthers(values: Values, allowed: readonly string[]): void {
  const other = Object.keys(values).find((name) => !allowed.includes(name))
  if (other !== undefined) throw new UsageError(`--${other} does not go with --${allowed[0]}.`)
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new UsageError(`--${name} takes a whole number above 0, not "${text}".`)
}

function minutesOf(text: string): number {
  const minutes = Number(text)
  if (Number.isFinite(minutes) && minutes > 0) return minutes
  throw new UsageError(`--minutes takes a number above 0, not "${text}".`)
}

function manySeeds({ from: first = '1', seeds = '500', minutes }: Values): number {
  const from = wholeNumber('from', first)
  const untilMs = minutes === undefined ? Infinity : Date.now() + 60_000 * minutesOf(minutes)
  const most = minutes === undefined ? wholeNumber('seeds', seeds) : Infinity
  const run = noSeeds()
  for (let seed = from; seed < from + most && Date.now() < untilMs; seed++) runSeed(run, seed)
  console.log(`seeds ${from} to ${from + run.seeds - 1}`)
  console.log(toldRun(run))
  return run.violations.length
}

function oneSeed(seed: number): number {
  const run = noSeeds()
  runSeed(run, seed, { tell: (line) => console.log(line), thorough: true })
  console.log(toldRun(run))
  return run.violations.length
}

async function main(values: Values): Promise<number> {
  const { seed, seeds, guards, minutes, write = false } = values
  if (guards !== undefined) {
    refuseOthers(values, ['guards', 'write', 'seeds'])
    const seedsMax = seeds === undefined ? undefined : wholeNumber('seeds', seeds)
    return guardsReport({ which: guards, write, seedsMax, tell: (line) => console.log(line) })
  }
  if (seed !== undefined) {
    refuseOthers(values, ['seed'])
    return oneSeed(wholeNumber('seed', seed))
  }
  refuseOthers(values, minutes === undefined ? ['seeds', 'from'] : ['minutes', 'from'])
  return manySeeds(values)
}

try {
  process.exitCode = (await main(valuesOf(process.argv.slice(2)))) > 0 ? 1 : 0
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
