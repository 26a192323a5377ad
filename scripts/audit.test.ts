// How the answers of an audit are read: what fails, what is accepted, and what is no answer at all.
import { expect, test } from 'vitest'
import { ACCEPTED, outcomeOf, PRODUCT, told, TOOLS } from './audit.ts'

const advisory = (id: string | null, severity: string, name = 'ws') => ({
  github_advisory_id: id,
  module_name: name,
  severity,
  title: 'Denial of service',
  patched_versions: '>=8.21.0',
  url: `https://github.com/advisories/${id}`,
  findings: [{ version: '8.0.0', paths: ['.>ws'] }],
})
const answered = (...all: ReturnType<typeof advisory>[]): string =>
  JSON.stringify({
    actions: [],
    advisories: Object.fromEntries(all.map((one, place) => [String(1_000 + place), one])),
    muted: [],
    metadata: { vulnerabilities: { info: 0, low: 0, moderate: 0, high: all.length, critical: 0 } },
  })
const [ONE, OTHER] = ['GHSA-aaaa-bbbb-cccc', 'GHSA-dddd-eeee-ffff']

test('nothing known is clean', () => {
  const outcome = outcomeOf(answered(), [])
  expect(outcome).toEqual({ is: 'clean', accepted: [], unused: [] })
  expect(told(outcome, PRODUCT)).toEqual({ lines: [expect.stringMatching(/^No high or critical/)], fails: false })
})

test.each(['high', 'critical'])('%s fails and says what to do', (severity) => {
  const outcome = outcomeOf(answered(advisory(ONE, severity), advisory(OTHER, 'low')), [])
  expect(outcome).toMatchObject({ is: 'vulnerable', found: [expect.stringMatching(/ws: Denial of service.*>=8\.21/)] })
  expect(told(outcome, PRODUCT)).toMatchObject({
    fails: true,
    lines: [expect.stringContaining(ONE), expect.stringMatching(/^Update/)],
  })
})

test('what is known of the tools is told, and fails nothing', () => {
  expect(told(outcomeOf(answered(advisory(ONE, 'critical')), []), TOOLS)).toEqual({
    fails: false,
    lines: [expect.stringContaining(ONE), expect.stringMatching(/tools.*fails nothing/)],
  })
  expect(told(outcomeOf('', []), TOOLS)).toMatchObject({
    fails: false,
    lines: [expect.stringMatching(/^NOT AUDITED.*tools/), expect.any(String)],
  })
  expect([PRODUCT.flag, TOOLS.flag]).toEqual(['--prod', '--dev'])
})

test.each(['info', 'low', 'moderate'])('%s does not fail', (severity) => {
  expect(outcomeOf(answered(advisory(ONE, severity)), []).is).toBe('clean')
})

test('what is accepted passes with its reason; what is not, or is no more, is said', () => {
  const accepted = [{ advisory: ONE, reason: 'we parse no such input' }]
  const both = answered(advisory(ONE, 'high'), advisory(OTHER, 'critical'))
  expect(outcomeOf(both, accepted)).toMatchObject({ is: 'vulnerable', found: [expect.stringContaining(OTHER)] })
  expect(told(outcomeOf(answered(advisory(ONE, 'high')), accepted), PRODUCT).lines).toContain(
    `accepted ${ONE}: we parse no such input`,
  )
  expect(outcomeOf(answered(), accepted)).toEqual({ is: 'clean', accepted: [], unused: [ONE] })
})

test('one without a name of its own is known by its number', () => {
  expect(outcomeOf(answered(advisory(null, 'high')), [])).toMatchObject({ is: 'vulnerable' })
  const accepted = [{ advisory: '1000', reason: 'r' }]
  expect(outcomeOf(answered(advisory(null, 'high')), accepted)).toMatchObject({ is: 'clean' })
})

test.each([
  ['a registry that has no audit', '{"error":{"code":"ERR_PNPM_AUDIT_BAD_RESPONSE","message":"responded with 405"}}'],
  ['a registry that is away', '{"error":{"code":"ENOTFOUND","message":"getaddrinfo"}}'],
  ['nothing', ''],
  ['a page', '<html>'],
  ['another document', '{"advisories":[1]}'],
  ['an empty document', '{}'],
])('%s is not taken for clean, and breaks nothing', (_, printed) => {
  const outcome = outcomeOf(printed, [])
  expect(outcome.is).toBe('unknown')
  expect(told(outcome, PRODUCT)).toMatchObject({
    fails: false,
    lines: [expect.stringMatching(/^NOT AUDITED/), expect.any(String)],
  })
})

test('every accepted advisory has a reason', () => {
  for (const { advisory: id, reason } of ACCEPTED) {
    expect(id).toMatch(/^(GHSA(-\w{4}){3}|\d+)$/)
    expect(reason.length).toBeGreaterThan(20)
  }
})
