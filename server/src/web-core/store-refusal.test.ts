// What a store that fails has the client told: by whether the request could have stored anything at all.
import { expect, test } from 'vitest'
import { problemSchema } from '@forge/shared/contract/problem.ts'
import { EXAMPLE } from './examples.ts'
import { foundingText, KEY, startTestApp } from './test-app.ts'

const problemOf = async (response: Response) => problemSchema.parse(await response.json())

test.each([
  ['57014', 'STORE_SLOW'],
  ['ECONNREFUSED', 'STORE_UNAVAILABLE'],
] as const)(
  'whoever only asks of a store that fails with %s is told to ask again, and of nothing stored',
  async (sqlState, code) => {
    const t = startTestApp()
    const failing = () => Promise.reject(Object.assign(new Error('gone'), { code: sqlState }))
    Object.assign(t.store, { job: failing, jobOfClient: failing })
    t.hub.hub.submit = failing
    for (const method of ['GET', 'HEAD']) {
      const response = await t.app.request(`/api/v0/jobs/${EXAMPLE.job}`, {
        method,
        headers: { authorization: `Bearer ${KEY}` },
      })
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
      if (method === 'HEAD') continue
      const document = await problemOf(response)
      expect(document).toMatchObject({ code, detail: expect.stringContaining('Ask again') })
      expect(document.detail).not.toMatch(/stored|job_id/)
    }
    expect((await problemOf(await t.post(foundingText))).detail).toMatch(/stored/)
  },
)
