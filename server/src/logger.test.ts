// Laws of the log: one JSON object a line, and no secret in it when somebody passes one by mistake.
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

test('a line is JSON with a level, a time and what was said', () => {
  const lines: string[] = []
  const logger = createLogger('info', { write: (line) => void lines.push(line) })
  logger.debug('not at this level')
  logger.info({ job_id: 'j' }, 'registered')
  expect(lines).toHaveLength(1)
  const line: unknown = JSON.parse(lines[0] ?? '')
  expect(line).toMatchObject({ level: 'info', job_id: 'j', msg: 'registered' })
  expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/))
})

test('keys and headers are struck out', () => {
  const lines: string[] = []
  const logger = createLogger('info', { write: (line) => void lines.push(line) })
  const headers = { authorization: 'hidden', 'x-forge-api-key': 'hidden' }
  logger.info({
    headers,
    request: { headers },
    config: { apiKey: 'hidden', adminToken: 'hidden' },
    samplingKey: 'hidden',
  })
  expect(lines.join('')).not.toContain('hidden')
  expect(lines.join('')).toContain('[not logged]')
})
