// Requests drawn at random for every route, over a real store with two projects in it. How many is the caller's to say: some
// in each run of the tests, 20,000 in the slow one.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectLimitsSchema } from '@forge/shared/contract/tenants.ts'
import { openExampleWorld, WORLD_START_MS, type ExampleWorld } from '../examples.fixtures.ts'
import { isProjects, type Route } from '../routing/route.ts'
import { ROUTES } from '../routes/all-routes.ts'
import { everythingOf } from '../tenant-rows.fixtures.ts'
import { checkAnswer } from './check-answer.fixtures.ts'
import { foreignTextsIn, leaks, requestsOf, send, type Kind } from './requests.fixtures.ts'

/** `seedsApart` sets one suite's draws apart from another's. */
export function testGenerated(runsPerRoute: number, seedsApart = 0): void {
  let world: ExampleWorld
  let scopeless: string
  /** All that the other project has, which no request changes. */
  let theirs: unknown
  /** Of the other project's texts, those that our own requests were taken with. */
  const taken = new Set<string>()
  const statuses = new Map<string, number>()
  const count = (kind: Kind, status: number): void => {
    const name = `${kind} ${Math.floor(status / 100)}xx`
    statuses.set(name, (statuses.get(name) ?? 0) + 1)
  }
  beforeAll(async () => {
    world = await openExampleWorld()
    await liftLimits(world)
    scopeless = await world.makeKey([])
    theirs = await everythingOf(world, world.foreign)
  }, 2 * WORLD_START_MS)
  afterAll(async () => {
    const all = [...statuses.values()].reduce((sum, one) => sum + one, 0)
    const told = [...statuses].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, times]) => `${name} ${times}`)
    console.log(`${all} generated requests to ${ROUTES.length} routes: ${told.join(', ')}`)
    await world.close()
  })

  describe.each(ROUTES.map((declared) => [`${declared.method} ${declared.path}`, declared] as const))(
    '%s',
    (_, declared) => {
      test('answers what it declares, and nothing of anybody else', { timeout: 300_000 }, async () => {
        const { seed = 0 } = fc.readConfigureGlobal()
        await fc.assert(
          fc.asyncProperty(requestsOf(declared, world), async (asked) => {
            const sent = await send(declared, asked, world, scopeless)
            count(asked.kind, sent.response.status)
            checkAnswer(declared, sent)
            const said = foreignTextsIn(asked, world)
            if (isProjects(declared)) expect(leaks(sent.text, [...said, ...taken], world)).toEqual([])
            if (sent.response.ok) for (const text of said) taken.add(text)
            if (mayChangeLimits(declared)) await liftLimits(world)
          }),
          { numRuns: runsPerRoute, seed: seed + seedsApart, endOnFailure: false },
        )
        expect(await everythingOf(world, world.foreign)).toEqual(theirs)
      })
    },
  )
}

const mayChangeLimits = ({ scope, method }: Route): boolean => scope === 'admin' && method === 'PATCH'

/** None is in the way of so many requests, not even of one that an operator's call has just set. */
async function liftLimits({ store, own }: ExampleWorld): Promise<void> {
  const nullable = Object.entries(projectLimitsSchema.shape).filter(([, schema]) => schema.safeParse(null).success)
  const limits = JSON.stringify(Object.fromEntries(nullable.map(([name]) => [name, null])))
  await store.updateProject(own.projectId, () => ({ limits }))
}
