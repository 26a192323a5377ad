// `pnpm sim`: the Hub's core in simulated worlds, each from a seed: virtual time and every fault that the design names. It
// prints what was run, the faults injected and the promises broken; one that was broken ends it with 1 and names the seed.
// With --seed it tells one world, a line an event; with --guards it removes the core's guards one by one.
import { parseArgs } from 'node:util'
import { guardsReport } from '@forge/server/hub/sim/guards-report.ts'
import { noSeeds, runSeed, toldRun } from '@forge/server/hub/sim/seeds.ts'

const { values } = parseArgs({
  options: {
    /** One world, told event by event. */
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '500' },
    /** Instead of a number of seeds: fresh ones until the time is over. */
    minutes: { type: 'string' },
    /** Which guards are caught by which seed; `all`, or a part of their names. */
    guards: { type: 'string' },
    /** Writes the table of guards into docs/reliability.md. */
    write: { type: 'boolean', default: false },
  },
})

function numberOf(name: string, text: string): number {
  const number = Number(text)
  if (Number.isFinite(number) && number > 0) return number
  throw new Error(`--${name} is a number above 0, not ${text}`)
}

function manySeeds(): number {
  const run = noSeeds()
  const from = numberOf('from', values.from)
  const untilMs = values.minutes === undefined ? Infinity : Date.now() + 60_000 * numberOf('minutes', values.minutes)
  const most = values.minutes === undefined ? numberOf('seeds', values.seeds) : Infinity
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

async function main(): Promise<number> {
  if (values.guards !== undefined) {
    const only = values.guards === 'all' ? '' : values.guards
    return guardsReport({ only, write: values.write, tell: (line) => console.log(line) })
  }
  return values.seed === undefined ? manySeeds() : oneSeed(numberOf('seed', values.seed))
}

process.exit((await main()) > 0 ? 1 : 0)
