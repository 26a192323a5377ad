// The sender on a real store with a real receiver and a clock of the test's own: what arrives and when, what is sent again
// after a kill at either side of the sending, who is given up, and that a dead receiver delays nobody else.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { webhookPayloadSchema } from '@forge/shared/contract/webhooks.ts'
import { Webhook } from 'standardwebhooks'
import { ulid } from 'ulid'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { freshDataDir } from '../../../scripts/machine/fresh-store.ts'
import { createLogger } from '../logger.ts'
import { register } from '../store/ledger.fixtures.ts'
import { openStore } from '../store/open-store.ts'
import { complete, noWrites } from '../store/store.fixtures.ts'
import type { Store } from '../store/store.ts'
import { typescriptProcess } from '../typescript-process.ts'
import { startDeliverer, type Deliverer, type DelivererDeps } from './deliverer.ts'
import { pauseAfter, RETRY_PAUSES_MS, SEND_LIMITS } from './limits.ts'
import { startReceiver, type Receiver } from './receiver.fixtures.ts'
import { newSecret } from './signature.ts'

const START_MS = 60_000
const page = { after: null, limit: 100 }
let folder: string
let store: Store
let receiver: Receiver
let nowMs: number
const log: string[] = []
const running: Deliverer[] = []

beforeAll(async () => {
  folder = await freshDataDir()
  store = await openStore({ dataDir: folder })
}, START_MS)
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  nowMs = Date.now()
  log.length = 0
  receiver = await startReceiver()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close()))
  await receiver.close()
})

function start(change: Partial<DelivererDeps> = {}): Deliverer {
  const deliverer = startDeliverer({
    store,
    targets: receiver.targets,
    logger: createLogger('debug', { write: (line) => void log.push(line) }),
    clock: () => nowMs,
    chance: () => 0.5,
    days: 30,
    ...change,
  })
  running.push(deliverer)
  return deliverer
}
const sentAt = async (deliverer: Deliverer, atMs: number): Promise<void> => {
  nowMs = atMs
  deliverer.wake()
  await deliverer.idle()
}

interface Hook {
  readonly projectId: ProjectId
  readonly id: string
  readonly secret: string
}
async function hookOf(url = receiver.url): Promise<Hook> {
  const projectId = ulid() as ProjectId
  await store.insertProject({ id: projectId, name: 'p', createdAtMs: 1, limits: '{}' })
  const hook = { projectId, id: ulid(), secret: newSecret(randomBytes) }
  await store.insertWebhook({ ...hook, url, description: '', events: ['job.completed'], createdAtMs: 1 }, 9)
  return hook
}
async function ended({ projectId }: Hook): Promise<JobId> {
  const id = await register(store, projectId)
  await complete(store, id, noWrites)
  return id
}
const told = async ({ projectId, id }: Hook) => (await store.webhookDeliveries(projectId, id, page)) ?? []
const inFlight = ({ leasedUntilMs }: { readonly leasedUntilMs: number | null }): boolean => leasedUntilMs !== null
const hookNow = ({ projectId, id }: Hook) => store.webhook(projectId, id)
const putTest = ({ projectId, id }: Hook) => store.putTestDelivery(projectId, id, `evt_${ulid()}`, nowMs, 99)

test('the end of a job arrives, signed so that the library takes it, and says what it should', async () => {
  const hook = await hookOf()
  const id = await ended(hook)
  const deliverer = start()
  await deliverer.idle()
  const [sent, ...more] = receiver.received
  expect(more).toEqual([])
  const payload = webhookPayloadSchema.parse(new Webhook(hook.secret).verify(sent?.body ?? '', sent?.headers ?? {}))
  expect(payload).toMatchObject({ type: 'job.completed', data: { job_id: id, credits: 0.001, state: 'COMPLETED' } })
  expect(sent?.headers).toMatchObject({ 'webhook-id': `evt_${id}_completed`, 'content-type': 'application/json' })
  expect(await told(hook)).toMatchObject([{ status: 'delivered', attempts: 1, lastStatus: 204, lastError: null }])
  await sentAt(deliverer, nowMs + 86_400_000)
  expect(receiver.received).toHaveLength(1)
  expect(log.join('')).not.toMatch(/whsec_|hooks\.example/)
  expect(log.join('')).not.toContain(hook.secret)
})

test(
  'a server that is killed between the end of a job and its telling leaves it to the next one',
  { timeout: START_MS },
  async () => {
    const other = await freshDataDir()
    const before = await openStore({ dataDir: other })
    const project = await before.defaultProject()
    await before.close()
    const [id, secret] = [ulid(), newSecret(randomBytes)]
    const worker = new URL('./outbox-worker.ts', import.meta.url)
    const args = [other, project, id, receiver.url, secret]
    const child = await typescriptProcess(worker, args, { stdout: 'inherit', stderr: 'inherit' })
    const [job] = await once(child, 'message')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(receiver.received).toEqual([])

    const after = await openStore({ dataDir: other })
    const deliverer = start({ store: after })
    await deliverer.idle()
    await deliverer.close()
    expect(await after.job(job)).toMatchObject({ state: 'COMPLETED' })
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([`evt_${job}_completed`])
    new Webhook(secret).verify(receiver.received[0]?.body ?? '', receiver.received[0]?.headers ?? {})
    await after.close()
    await rm(other, { recursive: true, force: true })
  },
)

test('one that dies between sending and recording sends it again, with the same id and the same bytes', async () => {
  const hook = await hookOf()
  await ended(hook)
  const dying = start({ store: { ...store, recordAttempt: () => Promise.reject(new Error('killed')) } })
  await dying.idle()
  await dying.close()
  expect(receiver.received).toHaveLength(1)
  const deliverer = start()
  await sentAt(deliverer, nowMs + SEND_LIMITS.leaseMs - 1)
  expect(receiver.received).toHaveLength(1)
  await sentAt(deliverer, nowMs + 1)
  const [first, second] = receiver.received
  expect(second?.body).toBe(first?.body)
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp'])
  expect(await told(hook)).toMatchObject([{ status: 'delivered', attempts: 2 }])
})

test('several servers on one store send each event once', async () => {
  const hook = await hookOf()
  for (let i = 0; i < 8; i++) await ended(hook)
  const servers = [start(), start(), start()]
  await expect.poll(async () => (await told(hook)).every(({ status }) => status === 'delivered')).toBe(true)
  await Promise.all(servers.map((one) => one.idle()))
  const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
  expect(ids).toHaveLength(8)
  expect(new Set(ids).size).toBe(8)
})

test('failures are tried again by the schedule, over a day, and then given up', async () => {
  const hook = await hookOf()
  await ended(hook)
  receiver.answer = 500
  const deliverer = start()
  const begun = nowMs
  await deliverer.idle()
  for (const [i, pause] of RETRY_PAUSES_MS.entries()) {
    expect(await told(hook)).toMatchObject([{ status: 'pending', attempts: i + 1, nextAtMs: nowMs + pause }])
    await sentAt(deliverer, nowMs + pause - 1)
    expect(receiver.received).toHaveLength(i + 1)
    await sentAt(deliverer, nowMs + 1)
    expect(receiver.received).toHaveLength(i + 2)
    new Webhook(hook.secret).verify(receiver.received[0]?.body ?? '', receiver.received[0]?.headers ?? {})
  }
  expect(nowMs - begun).toBeGreaterThan(24 * 3_600_000)
  expect(nowMs - begun).toBeLessThan(26 * 3_600_000)
  expect(await told(hook)).toMatchObject([
    { status: 'failed', attempts: RETRY_PAUSES_MS.length + 1, lastError: 'The receiver answered 500.' },
  ])
  expect(await hookNow(hook)).toMatchObject({ disabledReason: null, failedDeliveries: 1, failingSinceMs: begun })
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
})

test('pauses are drawn around those of the table', () => {
  for (const [i, pause] of RETRY_PAUSES_MS.entries()) {
    expect(pauseAfter(i + 1, 0)).toBe(Math.round(pause * 0.8))
    expect(pauseAfter(i + 1, 0.999_999_999)).toBeLessThanOrEqual(pause * 1.2)
    expect(pause).toBeGreaterThanOrEqual(RETRY_PAUSES_MS[i - 1] ?? 0)
  }
  expect(pauseAfter(RETRY_PAUSES_MS.length + 1, 0)).toBeNull()
})

test('one that comes back is told what it missed, and is well again', async () => {
  const hook = await hookOf()
  receiver.answer = 503
  const id = await ended(hook)
  const deliverer = start()
  await deliverer.idle()
  expect(await hookNow(hook)).toMatchObject({ failingSinceMs: nowMs })
  receiver.answer = 200
  await sentAt(deliverer, nowMs + (RETRY_PAUSES_MS[0] ?? 0))
  expect(receiver.received.at(-1)?.headers['webhook-id']).toBe(`evt_${id}_completed`)
  expect(await told(hook)).toMatchObject([{ status: 'delivered', attempts: 2, lastStatus: 200, lastError: null }])
  expect(await hookNow(hook)).toMatchObject({ failingSinceMs: null })
})

test('410 disables a webhook at once, and so do deliveries given up one after another', async () => {
  const gone = await hookOf()
  receiver.answer = 410
  await putTest(gone)
  const deliverer = start()
  await deliverer.idle()
  expect(await hookNow(gone)).toMatchObject({ disabledReason: 'gone' })
  expect(await told(gone)).toMatchObject([{ status: 'failed', lastStatus: 410 }])

  const dead = await hookOf()
  receiver.answer = 500
  for (let i = 0; i <= SEND_LIMITS.disableAfterDeliveries; i++) await putTest(dead)
  for (const pause of [0, ...RETRY_PAUSES_MS]) await sentAt(deliverer, nowMs + pause)
  expect(await hookNow(dead)).toMatchObject({ disabledReason: 'failing' })
  expect((await told(dead)).map(({ status }) => status).toSorted()).toEqual([
    'cancelled',
    ...Array.from({ length: SEND_LIMITS.disableAfterDeliveries }, () => 'failed'),
  ])
  expect(log.filter((line) => line.includes('was disabled'))).toHaveLength(2)
})

test('receivers that never answer keep nobody else waiting', async () => {
  const silent = await startReceiver()
  silent.answer = () => undefined
  const dead = await Promise.all(Array.from({ length: 20 }, () => hookOf(silent.url)))
  for (const hook of dead) for (let i = 0; i < 4; i++) await putTest(hook)
  const find = (url: URL, over: AbortSignal) =>
    (url.port === String(silent.port) ? silent : receiver).targets.find(url, over)
  const deliverer = start({ targets: { find } })
  await expect.poll(() => silent.received.length).toBe(SEND_LIMITS.quickMax)
  // They have taken their time by now.
  const limits: { readonly quickMs: number } = SEND_LIMITS
  const quick = vi.spyOn(limits, 'quickMs', 'get').mockReturnValue(1)
  onTestFinished(() => quick.mockRestore())
  const well = await hookOf()
  await ended(well)
  deliverer.wake()
  await expect.poll(async () => (await told(well))[0]?.status, { timeout: 10_000 }).toBe('delivered')
  // Two of each at once, and no third while those wait.
  const last = Math.max(...(await Promise.all(dead.map(async (hook) => (await told(hook)).filter(inFlight).length))))
  expect(last).toBe(SEND_LIMITS.perWebhookMax)
  await Promise.all(dead.map(({ projectId, id }) => store.deleteWebhook(projectId, id)))
  await deliverer.close()
  await silent.close()
})

test('a stop breaks off what is being sent, and the next server sends it', async () => {
  const hook = await hookOf()
  await ended(hook)
  receiver.answer = () => undefined
  const stopped = start()
  await expect.poll(() => receiver.received.length).toBe(1)
  await stopped.close()
  expect(await told(hook)).toMatchObject([{ status: 'pending', nextAtMs: nowMs, leasedUntilMs: null }])
  receiver.answer = 200
  await start().idle()
  expect(await told(hook)).toMatchObject([{ status: 'delivered', attempts: 2 }])
})
