// What is shown of a job that another server of the same database has.
import { expect, test } from 'vitest'
import { jobViewSchema } from './job-view.ts'
import { foundingText, startTestApp } from './test-app.ts'

test('a job that another server has says so, not that it runs there, unless there is more to say', async () => {
  const t = startTestApp()
  t.hub.isElsewhere = true
  t.hub.end = { state: 'RUNNING', reason: null }
  const { reason } = jobViewSchema.parse(await (await t.post(foundingText)).json())
  // Its server may be gone, and none have taken it yet.
  expect(reason).toMatch(/^it is with another server/)
  t.hub.end = { state: 'RUNNING', reason: 'waiting for agents' }
  expect(await (await t.post(foundingText)).json()).toMatchObject({ reason: 'waiting for agents' })
})
