// The case suite in real browsers: every kernel's cases on every kind of engine, in a page and in a dedicated worker, of two
// engines that share no compiler. The bytes must be those that the reference gives in Node.
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { insuranceCase } from '@forge/shared/kernels/mc.insurance.v1/insurance.case.ts'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { launchBrowser } from '../machine/browser.ts'
import { findChromium } from '../machine/chromium.ts'
import { findFirefox, openFirefox } from '../machine/firefox.ts'
import type { Case } from './case.ts'
import { brokenTexts } from './broken.ts'
import { conformanceCases, shortened } from './cases.ts'
import { differences, PLACES, type Told } from './places.ts'
import { isWritten, type EngineKind } from './engine-kind.ts'
import { visit, type Browse } from './visit.ts'

/**
 * Firefox looks for what a GPU has ended only every tenth of a second, and the engine's pace takes that for the time of
 * the dispatch: it soon gives single units. So there each launch gets no more units than a first dispatch takes.
 */
const FIREFOX_GPU_UNITS = 200

/** A wrong program differs nearly everywhere; the first of it say enough. */
const TOLD = 10

const seed = fc.readConfigureGlobal().seed ?? 0
const cases = await conformanceCases(insuranceCase, seed)
const short = shortened(insuranceCase, cases, FIREFOX_GPU_UNITS)
const programs = artifacts.flatMap(({ name: kernel, programs: own }) =>
  Object.entries(own).map(([name, program]) => ({ kernel, name, program })),
)
const written = (of: readonly Case[], kind: EngineKind): Case[] =>
  of.filter(({ kernel, launch }) =>
    programs.some((each) => each.kernel === kernel && each.name === launch.program && isWritten(kind, each.program)),
  )

test.each(programs)('there are cases of $kernel $name', ({ kernel, name }) => {
  const own = cases.filter((each) => each.kernel === kernel && each.launch.program === name)
  const better = 'Give the program a vector, and launches in its kernel’s case.'
  expect(own.filter((each) => each.name.includes('edges')).length, better).toBe(1)
  expect(own.length, better).toBeGreaterThan(3)
})

const why: string[] = []
const say = (line: string): void => void why.push(line)
const chromium = await findChromium(say)
const firefox = await findFirefox(say)

const inChromium: Browse = async (url) => {
  const browser = await launchBrowser()
  const page = await browser.newPage()
  await page.goto(url)
  return browser
}
const inFirefox: Browse = (url) => {
  if (firefox === null) throw new Error(why.join(' '))
  return openFirefox(firefox, url)
}

describe.each([
  {
    name: 'Chromium',
    there: chromium !== null,
    browse: inChromium,
    casesFor: (kind: EngineKind) => written(cases, kind),
  },
  {
    name: `Firefox ${firefox?.version ?? ''}`,
    there: firefox !== null,
    browse: inFirefox,
    casesFor: (kind: EngineKind) => written(kind === 'webgpu' ? short : cases, kind),
  },
])('in $name', ({ there, browse, casesFor }) => {
  let visiting: Promise<Told[]> | undefined

  it.for(PLACES)('$kind in a $where', { timeout: 600_000 }, async (place, { skip }) => {
    if (!there) return skip(why.join(' '))
    const asked = casesFor(place.kind)
    if (asked.length === 0) return skip('nobody has written a program for it')
    visiting ??= visit(browse, casesFor)
    const told = (await visiting).find(({ place: { where, kind } }) => where === place.where && kind === place.kind)
    expect(told?.failed).toBe(null)
    const answer = told?.answer ?? { unavailable: 'no answer', found: {} }
    if (answer.unavailable !== null) return skip(answer.unavailable)
    const different = differences(asked, answer)
    expect(different.slice(0, TOLD), `${different.length} shards or cases differ`).toEqual([])
  })
})

describe('a broken program', () => {
  it('is seen in Chromium, in a page and in a worker', { timeout: 600_000 }, async ({ skip }) => {
    if (chromium === null) return skip(why.join(' '))
    const vectors = cases.filter(({ name }) => name.includes(', vector '))
    const casesFor = (kind: EngineKind): Case[] => written(vectors, kind)
    for (const { place, answer, failed } of await visit(inChromium, casesFor, brokenTexts('refinement'))) {
      const where = `${place.kind} in a ${place.where}`
      expect(failed, where).toBe(null)
      const asked = casesFor(place.kind)
      const found = answer === null || answer.unavailable !== null ? [] : differences(asked, answer)
      // All of its vectors are right but those that draw a refinement.
      expect(found.length, where).toBeGreaterThanOrEqual(Math.min(1, asked.length))
      expect(found.length, where).toBeLessThanOrEqual(asked.length / 2)
      expect(found.filter((difference) => difference.includes('a refinement')).length > 0, where).toBe(asked.length > 0)
    }
  })
})
