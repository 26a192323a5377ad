// Runs seeds until a promise is broken, and prints the first as JSON: `first-violation.ts FROM SEEDS`. A process of its
// own for each guard that was removed: without it the core may never come back from an event.
import { World } from './world.ts'

const [from = 1, seeds = 1] = process.argv.slice(2).map(Number)

function firstViolation(): { readonly seed: number; readonly violation: string } | null {
  for (let seed = from; seed < from + seeds; seed++) {
    try {
      new World(seed, { thorough: true }).run()
    } catch (error) {
      return { seed, violation: error instanceof Error ? error.message : String(error) }
    }
  }
  return null
}

console.log(JSON.stringify(firstViolation()))
