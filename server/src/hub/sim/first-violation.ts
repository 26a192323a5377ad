// Runs seeds until a promise is broken, and prints the first as JSON: `first-violation.ts FROM SEEDS`, and `decisions`
// for those worlds alone in which there are some. A process of its own for each guard that was removed: without it the core may
// never come back from an event.
import { hasDecisions } from './decisions.ts'
import { World } from './world.ts'

const [, , from, seeds, which] = process.argv
const [first, end] = [Number(from), Number(from) + Number(seeds)]

function firstViolation(): { readonly seed: number; readonly violation: string } | null {
  for (let seed = first; seed < end; seed++) {
    if (which === 'decisions' && !hasDecisions(seed)) continue
    try {
      new World(seed, { thorough: true }).run()
    } catch (error) {
      return { seed, violation: error instanceof Error ? error.message : String(error) }
    }
  }
  return null
}

console.log(JSON.stringify(firstViolation()))
