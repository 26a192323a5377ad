// Who computes for a story: those of the story before stay where they are wanted again. A tab tests itself for a second
// before it may work, and one on a software adapter compiles shaders for seven.
import type { NodeAgent } from '@forge/agent-node/node-agent.ts'
import type { Pool } from './pool.ts'
import type { OpenBrowser, Tab } from './tabs.ts'

export type Member = 'a WASM tab' | 'a WebGPU tab' | 'a WASM agent' | 'a reference agent'

export interface Crew {
  /** Lets those go who are not wanted, waits until the others have come, and returns the tabs in the order asked for. */
  of(...wanted: readonly Member[]): Promise<Tab[]>
}

interface Present {
  readonly as: Member
  readonly who: Tab | NodeAgent
}

export function createCrew(pool: Pool, browser: OpenBrowser): Crew {
  let present: readonly Present[] = []
  const joined = async (as: Member): Promise<Present> => {
    const engine = as.includes('WASM') ? 'wasm' : as.includes('WebGPU') ? 'webgpu' : 'reference'
    const [who] =
      engine === 'reference' || as === 'a WASM agent'
        ? await pool.agents({ engine })
        : await pool.tabs(browser, { engine })
    if (who === undefined) throw new Error(`${as} did not come`)
    return { as, who }
  }
  return {
    async of(...wanted) {
      const left = present.filter(({ who }) => !isTab(who) || !who.page.isClosed())
      const found = wanted.map((as) => {
        const index = left.findIndex((one) => one.as === as)
        return index < 0 ? null : (left.splice(index, 1)[0] ?? null)
      })
      await pool.empty(...found.flatMap((one) => (one === null ? [] : [one.who])))
      present = await Promise.all(wanted.map((as, index) => found[index] ?? joined(as)))
      return present.map(({ who }) => who).filter(isTab)
    },
  }
}

const isTab = (who: Tab | NodeAgent): who is Tab => 'page' in who
