// Removes one guard from a copy of the core and lets the simulator look for it: the seed that fails, or null. The copy lies
// beside the sources, where it finds the same packages, and is gone afterwards.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Guard } from './guard.ts'
import { World } from './world.ts'

/** A core without a guard may never come back from an event: that is seen as well. */
const SEED_MS_MAX = 20_000

export interface Caught {
  readonly seed: number
  readonly violation: string
}

const HUB = path.resolve(import.meta.dirname, '..')
const CACHE = path.resolve(HUB, '../../.cache')

export async function tryWithout(guard: Guard, from: number, seeds: number): Promise<Caught | null> {
  mkdirSync(CACHE, { recursive: true })
  const copy = mkdtempSync(path.join(CACHE, 'guard-'))
  try {
    const isSource = (file: string): boolean => !/\.(test|slow)\.ts$/.test(file)
    for (const folder of ['core', 'sim']) {
      cpSync(path.join(HUB, folder), path.join(copy, 'hub', folder), { recursive: true, filter: isSource })
    }
    const file = path.join(copy, 'hub/core', guard.file)
    const source = readFileSync(file, 'utf8')
    if (source.split(guard.guard).length !== 2) throw new Error(`${guard.file} does not have the guard "${guard.name}"`)
    // Not as a pattern: a guard's text has dollar signs.
    writeFileSync(
      file,
      source.replace(guard.guard, () => guard.without),
    )
    const script = path.join(copy, 'hub/sim/first-violation.ts')
    const which = guard.isOfDecisions === true ? 'decisions' : 'all'
    const caught = await firstViolation(script, { from, seeds, which })
    if (caught !== null) refuseBroken(caught.seed)
    return caught
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** A seed that fails with the guard as well says nothing of it, and is to be mended first. */
function refuseBroken(seed: number): void {
  try {
    new World(seed, { thorough: true }).run()
  } catch (error) {
    throw new Error(`seed ${seed} fails with all guards in their places`, { cause: error })
  }
}

interface Tried {
  readonly from: number
  readonly seeds: number
  readonly which: 'all' | 'decisions'
}

async function firstViolation(script: string, { from, seeds, which }: Tried): Promise<Caught | null> {
  const [command = '', ...args] = [process.execPath, '--import', 'tsx', script, String(from), String(seeds), which]
  const child = spawn(command, args, { cwd: path.resolve(HUB, '../../..'), stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, wrong] = ['', '']
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (wrong += bytes.toString()))
  const giveUp = setTimeout(() => child.kill('SIGKILL'), SEED_MS_MAX + seeds * 1_000)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(giveUp)
  if (code === null) return { seed: from, violation: 'an event of these seeds never ends' }
  if (code !== 0) throw new Error(`the core without the guard does not run: ${wrong}`)
  const found: { seed: number; violation: string } | null = JSON.parse(out)
  return found === null
    ? null
    : { seed: found.seed, violation: found.violation.replace(/^SIM_SEED=\d+ at \d+ ms: /, '') }
}
