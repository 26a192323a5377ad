// Pages of other origins: those that are named may call and read, others get what they got before, and nothing is ever
// allowed to everybody or with credentials.
import { describe, expect, test } from 'vitest'
import { ROUTES } from './routes/all-routes.ts'
import { foundingText, startTestApp } from './test-app.ts'

const APP = 'https://app.example'
const ALLOW = 'access-control-allow-origin'
const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
const corsHeaders = ({ headers }: Response): string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-c'))
const listed = ({ headers }: Response, name: string): string[] => (headers.get(name) ?? '').toLowerCase().split(', ')

describe('with an origin allowed', () => {
  const t = startTestApp(null, { corsOrigins: [APP, 'http://localhost:3000'] })
  const options = (origin: string, path = '/api/v0/ops/execute') =>
    t.app.request(path, { method: 'OPTIONS', headers: { origin, ...preflight } })

  test('its preflight is answered without a key, for every method and header that a route takes', async () => {
    const response = await options(APP)
    expect(response.status).toBe(204)
    expect(response.headers.get(ALLOW)).toBe(APP)
    expect(listed(response, 'vary')).toContain('origin')
    for (const { method, headers = {} } of ROUTES) {
      expect(listed(response, 'access-control-allow-methods')).toContain(method.toLowerCase())
      for (const name of Object.keys(headers)) {
        expect(listed(response, 'access-control-allow-headers')).toContain(name.toLowerCase())
      }
    }
    expect(listed(response, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(
        ['authorization', 'content-type', 'prefer', 'x-forge-api-key', 'last-event-id']
          // What a page says that goes on with a download, and that checks an upload.
          .concat('range', 'if-range', 'if-match', 'if-none-match', 'content-digest', 'repr-digest'),
      ),
    )
  })

  test('it may read answers and refusals, with the headers that clients need', async () => {
    const done = await t.post(foundingText, { origin: APP })
    const refused = await t.app.request('/api/v0/jobs', { headers: { origin: APP } })
    expect([done.status, refused.status]).toEqual([200, 401])
    for (const response of [done, refused]) {
      expect(response.headers.get(ALLOW)).toBe(APP)
      expect(listed(response, 'access-control-expose-headers')).toEqual(
        expect.arrayContaining(
          ['Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'ETag', 'Preference-Applied', 'Forge-Attached']
            .concat('Forge-Request-Id', 'WWW-Authenticate', 'Content-Range', 'Repr-Digest', 'Accept-Ranges')
            .concat('Content-Disposition', 'traceparent')
            .map((name) => name.toLowerCase()),
        ),
      )
      expect(listed(response, 'access-control-expose-headers')).not.toContain('set-cookie')
      expect(response.headers.has('access-control-allow-credentials')).toBe(false)
    }
  })

  test('another origin, or none, is told nothing', async () => {
    const origins = ['https://evil.example', 'https://app.example.evil', 'http://app.example', 'null', `${APP}:8443`]
    for (const origin of origins) {
      const [asked, posted] = [await options(origin), await t.post(foundingText, { origin })]
      expect(corsHeaders(asked)).toEqual([])
      expect(corsHeaders(posted)).toEqual([])
      // But no cache may give them what the other one got, nor the other way round.
      expect(listed(posted, 'vary')).toContain('origin')
    }
    expect(corsHeaders(await t.post(foundingText))).toEqual([])
  })

  test('OPTIONS that is no preflight says what an address takes', async () => {
    const response = await t.app.request('/api/v0/ops/execute', { method: 'OPTIONS', headers: { origin: APP } })
    expect(response.headers.get('allow')).toMatch(/POST/)
    expect(response.headers.get(ALLOW)).toBe(APP)
  })
})

test('with none allowed, no answer speaks of it', async () => {
  const t = startTestApp()
  for (const origin of [APP, 'null', '*']) {
    const asked = await t.app.request('/api/v0/jobs', { method: 'OPTIONS', headers: { origin, ...preflight } })
    const posted = await t.post(foundingText, { origin })
    expect([...corsHeaders(asked), ...corsHeaders(posted)]).toEqual([])
    expect(posted.headers.has('vary')).toBe(false)
  }
})
