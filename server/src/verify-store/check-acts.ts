// Whether the acts of a chain are what they were when they were written: every hash again, from the newest to the first.
import { actsProblem, type Act } from '@forge/shared/receipt/act.ts'
import { actOf, type ActChain, type ActRow } from '../store/acts.ts'
import type { Store } from '../store/store.ts'

const ACTS_PER_READ = 500

export async function checkActs(store: Pick<Store, 'actsOf'>, chain: ActChain): Promise<string[]> {
  let newer: Act | null = null
  for (;;) {
    const rows = await store.actsOf(chain, { after: newer?.number ?? null, limit: ACTS_PER_READ })
    if (rows.length === 0) return newer !== null && newer.number > 0 ? [`act ${newer.number - 1} is missing`] : []
    for (const row of rows) {
      const act = readable(row)
      const problem = act === null ? `act ${row.number} cannot be read` : actsProblem([act], newer)
      if (problem !== null) return [problem]
      newer = act
    }
  }
}

/** Null where its data are not JSON. */
function readable(row: ActRow): Act | null {
  try {
    return actOf(row)
  } catch {
    return null
  }
}
