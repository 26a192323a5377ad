// `pnpm attacks`: what colluding agents leave in the answers, whether the bound of the record holds against them, and what
// verification costs where nobody lies. The real core in virtual time; the same seed gives the same figures. It prints
// and judges: a figure of the design that is not met ends it with 1.
import { parseArgs } from 'node:util'
import { BOUND_ATTACKS, COLLUSION, runBound, type BoundAttack } from '../server/src/hub/sim/attack-bound.ts'
import { overhead, VETERANS, youngPool } from '../server/src/hub/sim/attack-honest.ts'
import { intervalOf } from '../server/src/hub/sim/attack-interval.ts'
import { FAIR_SHARE, runSpeed, SPEED_ATTACKS } from '../server/src/hub/sim/attack-speed.ts'
import { FULL_SIZE, runCell, TABLE, type TableRow } from '../server/src/hub/sim/attack-table.ts'

const USAGE = `pnpm attacks                 the table, the bound and what honest pools pay: a quarter of an hour
pnpm attacks --only PART     table, bound or honest alone
pnpm attacks --seed N        other worlds; --worlds N a cell of the table, --jobs N an attack on the bound`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    /** table, bound, speed or honest; all of them where it is absent. */
    only: { type: 'string' },
    /** Jobs an attack on the bound. */
    jobs: { type: 'string', default: '2000' },
    /** Worlds a cell of the table, 25 jobs each. */
    worlds: { type: 'string', default: String(FULL_SIZE.worlds) },
  },
})

if (values.help) {
  console.log(USAGE)
  process.exit()
}

function numberOf(name: 'seed' | 'jobs' | 'worlds'): number {
  const number = Number(values[name])
  if (Number.isSafeInteger(number) && number > 0) return number
  throw new Error(`--${name} is a whole number above 0, not ${values[name]}`)
}

/** The design's limits. */
const OVERHEAD_MOST = { spotcheck: 1.25, full: 2.05 }
const YOUNG_MOST = 1.2
const EXCEEDED_MOST = 0.05

let missed = 0

function judge(isMet: boolean): string {
  if (!isMet) missed++
  return isMet ? 'met' : 'NOT MET'
}

const percent = (share: number, digits = 3): string => `${(100 * share).toFixed(digits)} %`
const line = (...cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`)

function head(...cells: readonly string[]): void {
  console.log('')
  line(...cells)
  line(...cells.map(() => '---'))
}

function table(): void {
  const size = { ...FULL_SIZE, worlds: numberOf('worlds') }
  console.log(
    `\n${size.worlds} pools of ${size.honest} honest agents and ${size.colluders} colluders, ${size.jobs} jobs each`,
  )
  head(
    'attack',
    'mode',
    'referee',
    'wrong shards left',
    '95 %',
    'jobs with one',
    'in first jobs',
    'executions',
    'failed',
    'exposed',
    'honest exposed',
    'design',
    '',
  )
  for (const row of TABLE) tableRow(row, size)
}

function tableRow({ cell, wrongMost }: TableRow, size: typeof FULL_SIZE): void {
  const found = runCell(cell, size, numberOf('seed'))
  const { share, low, high } = intervalOf(found.wrong, found.shards)
  // Of 20 % a sample has more than that half of the time.
  const isMet = wrongMost === null || share <= wrongMost || (wrongMost > 0 && low <= wrongMost)
  line(
    cell.attack.name,
    cell.verify,
    cell.referee ? 'yes' : 'no',
    `${found.wrong} of ${found.shards}: ${percent(share)}`,
    `${percent(low)} to ${percent(high)}`,
    `${found.wrongJobs} of ${found.jobs - found.failed}`,
    `${found.firstWrong} of ${found.firstShards}`,
    (found.executions / Math.max(1, found.shards)).toFixed(2),
    found.failed,
    found.exposed,
    found.wronged,
    wrongMost === null ? '' : wrongMost === 0 ? '0' : `at most ${percent(wrongMost, 2)}`,
    wrongMost === null ? 'reported' : judge(isMet),
  )
}

function bound(): void {
  const jobs = numberOf('jobs')
  console.log('\nHow often more is wrong than the record says')
  head('attack', 'mode', 'assumed c', 'confirmed', 'completed', 'clean', 'exceeded', '95 %', 'of those clean', '')
  for (const attack of BOUND_ATTACKS) {
    for (const assumed of ['1/20', '1/5'] as const) boundRow(attack, assumed, COLLUSION[assumed], jobs)
  }
  // More than was assumed: nothing is promised.
  for (const attack of BOUND_ATTACKS) boundRow(attack, '1/20', 1 / 2, Math.ceil(jobs / 4))
}

function boundRow(attack: BoundAttack, assumed: '1/20' | '1/5', confirms: number, jobs: number): void {
  const found = runBound(attack, assumed, { jobs, confirms, seed: numberOf('seed') })
  const completed = found.jobs - found.failed
  // A job that failed has no record; of the others those that exceed weigh the more.
  const { share, low, high } = intervalOf(found.exceeded, completed)
  const isPromised = confirms <= COLLUSION[assumed]
  line(
    attack.name,
    attack.verify,
    assumed,
    percent(confirms, 0),
    `${completed} of ${found.jobs}`,
    found.clean,
    `${found.exceeded}: ${percent(share, 1)}`,
    `${percent(low, 1)} to ${percent(high, 1)}`,
    found.exceededClean,
    isPromised ? judge(low <= EXCEEDED_MOST) : 'reported',
  )
}

function honest(): void {
  console.log(`\nExecutions a shard of honest jobs: 64 shards, ${VETERANS} veterans`)
  head('mode', 'jobs', 'mean', 'median', '95 of 100', '99 of 100', 'most', 'design', '')
  for (const verify of ['spotcheck', 'full'] as const) {
    const { jobs, mean, median, most95, most99, most } = overhead(verify, 1_000, numberOf('seed'))
    const figures = [mean, median, most95, most99, most].map((figure) => figure.toFixed(3))
    line(verify, jobs, ...figures, `mean at most ${OVERHEAD_MOST[verify]}`, judge(mean <= OVERHEAD_MOST[verify]))
  }
  console.log('\nYoung pools: fresh keys and the referee. Time, over that of the work alone')
  head('referee', 'shards', 'seconds a shard', 'none', 'spotcheck', 'full', '')
  for (const referee of [1, 1 / 4]) {
    for (const shards of [16, 64, 256]) {
      for (const shardsPerSecond of [10, 1]) {
        const times = (['none', 'spotcheck', 'full'] as const).map((verify) =>
          youngPool({ verify, shards, shardsPerSecond, referee }, numberOf('seed')),
        )
        // Ten shards are proven before anything else goes on: of a small job, or by a slow referee, that is much.
        const isMeant = referee === 1 && shards >= 64
        line(
          referee === 1 ? 'as fast' : 'a quarter as fast',
          shards,
          1 / shardsPerSecond,
          ...times.map((time) => time.toFixed(2)),
          isMeant ? judge(times.every((time) => time <= YOUNG_MOST)) : 'reported',
        )
      }
    }
  }
}

/** Also where the claim could slow a job: the time is reported. */
function speed(): void {
  const jobs = Math.ceil(numberOf('jobs') / 4)
  console.log(`\nChecks of a liar's shards by its one accomplice among nineteen; ${jobs} jobs of 64 shards in full`)
  head('the accomplice', 'checks of lies', 'by it', '95 %', 'fair', 'seconds a job', '')
  for (const attack of SPEED_ATTACKS) {
    const { checks, byAccomplice, meanMs } = runSpeed(attack, jobs, numberOf('seed'))
    const { share, low, high } = intervalOf(byAccomplice, checks)
    line(
      attack.name,
      checks,
      `${byAccomplice}: ${percent(share, 1)}`,
      `${percent(low, 1)} to ${percent(high, 1)}`,
      percent(FAIR_SHARE, 1),
      (meanMs / 1_000).toFixed(1),
      judge(low <= FAIR_SHARE),
    )
  }
}

const began = Date.now()
const parts = { honest, bound, speed, table }
for (const [name, part] of Object.entries(parts)) if (values.only === undefined || values.only === name) part()
console.log(`\nseed ${values.seed}, ${Math.round((Date.now() - began) / 1_000)} s; ${missed} figures not met`)
process.exitCode = missed > 0 ? 1 : 0
