// The sealer: it signs what has ended, and gives each signed document its place in its project's log. What waits for it is a
// queue in the store, so it may be stopped between any two steps and goes on where it was; a job's end never waits for it.
// Whoever asks for a receipt that is not signed yet has it signed at once.
import { setTimeout as pause } from 'node:timers/promises'
import type { JobId, ProjectId } from '@forge/shared/contract/ids.ts'
import { canonicalJson } from '@forge/shared/exact/canonical-json.ts'
import type { SignedKeyList } from '@forge/shared/receipt/keys.ts'
import { linkDigest, signedLinkSchema, signLink, type SignedLink } from '@forge/shared/receipt/link.ts'
import { signedNoticeSchema, type Notice, type SignedNotice } from '@forge/shared/receipt/notice.ts'
import { signedReceiptSchema, type SignedReceipt } from '@forge/shared/receipt/receipt.ts'
import { bodyDigest, signed, type Signer } from '@forge/shared/receipt/signed.ts'
import type { StoredAnswer } from '../hub/edge/hub-interface.ts'
import type { Logger } from '../logger.ts'
import { itemName, type LogRow, type SealItem, type SealRow } from '../store/seal-store.ts'
import { STORE_LIMITS } from '../store/limits.ts'
import type { JobRow, Store, VerdictRow } from '../store/store.ts'
import { queue } from '../store/transaction.ts'
import { labelsOfJob } from '../trace.ts'
import { RECEIPT_LIMITS } from './limits.ts'
import { receiptBody } from './receipt-body.ts'
import { signedKeyList } from './signing-key.ts'

export interface SealerDeps {
  readonly store: Pick<
    Store,
    | 'job'
    | 'verdicts'
    | 'fewVerdicts'
    | 'transactionsOf'
    | 'noticesOf'
    | 'signingPeriods'
    | 'unsealed'
    | 'putSeal'
    | 'sealOf'
    | 'appendToLog'
  >
  readonly signer: Signer
  readonly logger: Logger
  readonly clock: () => number
}

export interface Sealer {
  /** Something may wait; returns at once. */
  wake(): void
  /** Null when there is no such job or it has not ended. */
  receiptOf(jobId: JobId): Promise<SignedReceipt | null>
  /** In their order; none of a job that has not ended. */
  noticesOf(jobId: JobId): Promise<SignedNotice[]>
  /** The place of the receipt in its project's log; null where there is no receipt. */
  linkOf(jobId: JobId): Promise<SignedLink | null>
  /** What `/.well-known/forge-keys.json` answers; null for a moment, when a server with a newer key is replacing this one. */
  keys(): Promise<SignedKeyList | null>
  /** Resolves when nothing waits, or what waits has failed and is tried again later. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** What one sealer knows beside what it was given. */
interface Sealing extends Omit<SealerDeps, 'clock'> {
  /** Now; but never before the key's period, should the clock have been set back since. */
  signingTime(): Promise<number>
  /** One after the other, what takes much memory. */
  alone<T>(task: () => Promise<T>): Promise<T>
}

export function createSealer({ clock, ...given }: SealerDeps): Sealer {
  const { store, signer } = given
  let sinceMs: number | null = null
  const deps: Sealing = {
    ...given,
    alone: queue(),
    async signingTime() {
      sinceMs ??= (await store.signingPeriods()).findLast(({ keyId }) => keyId === signer.keyId)?.fromMs ?? 0
      return Math.max(clock(), sinceMs)
    },
  }
  const { wake, idle, close } = createRounds(deps)

  return {
    wake,
    async receiptOf(jobId) {
      const seal = await receiptSeal(deps, jobId)
      return seal === null ? null : signedReceiptSchema.parse(JSON.parse(seal.document))
    },
    async noticesOf(jobId) {
      const notices = await store.noticesOf(jobId)
      const seals = []
      for (const { number } of notices) seals.push(await noticeSeal(deps, jobId, number))
      return seals.flatMap((seal) => (seal === null ? [] : [signedNoticeSchema.parse(JSON.parse(seal.document))]))
    },
    async linkOf(jobId) {
      if (!hasEnded(await store.job(jobId))) return null
      const { seal, projectId } = await sealOf(deps, { jobId, kind: 'receipt', number: 0 })
      const [row] = await logAll(deps, projectId, [seal])
      return row === undefined ? null : signedLinkSchema.parse(JSON.parse(row.document))
    },
    keys: async () => signedKeyList(await store.signingPeriods(), signer),
    idle,
    close,
  }
}

/** Goes through what waits, whenever it is woken, and again some time after a failure. */
function createRounds(deps: Sealing): Pick<Sealer, 'wake' | 'idle' | 'close'> {
  const { store, logger } = deps
  const closing = new AbortController()
  let running: Promise<void> | null = null
  let isAskedAgain = false
  let retry: ReturnType<typeof setTimeout> | undefined

  /** What fails stays at the head of the queue, and is skipped until the next time. */
  const pass = async (): Promise<void> => {
    let failures = 0
    let isMore = true
    while (isMore) {
      const items = await store.unsealed(failures)
      // Of what came after these, whoever brought it has told: it is gathered for the next time.
      isMore = items.length === STORE_LIMITS.sealsPerBatch
      const ofProjects = new Map<ProjectId, SealRow[]>()
      const failed = async (item: SealItem, error: unknown): Promise<void> => {
        failures++
        logger.error({ ...(await labelsOf(deps, item)), err: error }, `the ${item.kind} of a job could not be signed`)
      }
      for (const some of chunksOf(items, RECEIPT_LIMITS.signedTogether)) {
        if (closing.signal.aborted) return
        const done = await Promise.all(some.map((item) => sealOf(deps, item).catch((error) => failed(item, error))))
        for (const one of done) if (one !== undefined) gather(ofProjects, one)
      }
      for (const [projectId, seals] of ofProjects) {
        if (closing.signal.aborted) return
        try {
          await logAll(deps, projectId, seals)
        } catch (error) {
          for (const seal of seals) await failed(seal, error)
        }
      }
    }
    if (failures > 0) later()
  }
  const run = async (): Promise<void> => {
    try {
      while (isAskedAgain) {
        await pause(RECEIPT_LIMITS.gatherMs, undefined, { signal: closing.signal }).catch(() => undefined)
        isAskedAgain = false
        await pass()
      }
    } catch (error) {
      logger.error({ err: error }, 'what waits for a signature could not be read')
      later()
    } finally {
      running = null
    }
  }
  const wake = (): void => {
    if (closing.signal.aborted) return
    isAskedAgain = true
    running ??= run()
  }
  const later = (): void => {
    clearTimeout(retry)
    if (!closing.signal.aborted) retry = setTimeout(wake, RECEIPT_LIMITS.sealRetryMs).unref()
  }
  return {
    wake,
    idle: () => running ?? Promise.resolve(),
    async close() {
      closing.abort()
      clearTimeout(retry)
      await running
    },
  }
}

/** For the log: a store that is away gives the id alone. */
async function labelsOf({ store }: Sealing, { jobId }: SealItem): Promise<object> {
  const row = await store.job(jobId).catch(() => null)
  return row === null ? { job_id: jobId } : labelsOfJob(row)
}

interface Sealed {
  readonly seal: SealRow
  readonly projectId: ProjectId
}

/** The first step; it is done once, whoever does it. */
async function sealOf(deps: Sealing, item: SealItem): Promise<Sealed> {
  const seal =
    item.kind === 'receipt' ? await receiptSeal(deps, item.jobId) : await noticeSeal(deps, item.jobId, item.number)
  const row = await deps.store.job(item.jobId)
  if (seal === null || row === null) throw new Error('it waits for a signature and has not ended')
  return { seal, projectId: row.projectId }
}

function gather(ofProjects: Map<ProjectId, SealRow[]>, { seal, projectId }: Sealed): void {
  const seals = ofProjects.get(projectId)
  if (seals === undefined) ofProjects.set(projectId, [seal])
  else seals.push(seal)
}

/** The second step, for what one project has sealed; each has one place, whoever gives it. */
async function logAll(deps: Sealing, projectId: ProjectId, seals: readonly SealRow[]): Promise<LogRow[]> {
  const { store, signer } = deps
  const issuedAtMs = await deps.signingTime()
  const documents = new Map(seals.map((seal) => [itemName(seal), seal.digest]))
  return store.appendToLog(seals, projectId, (item, head) => {
    const document = documents.get(itemName(item))
    if (document === undefined) throw new Error('the log asks for a link of what is not sealed')
    const { jobId, kind, number } = item
    const [place, previous] = [(head?.place ?? -1) + 1, head?.digest ?? null]
    const body = { project_id: projectId, place, job_id: jobId, kind, number, document, previous }
    const link = signLink({ ...body, issued_at_ms: issuedAtMs }, signer)
    return { digest: linkDigest(link.body), document: canonicalJson(link) }
  })
}

async function receiptSeal(deps: Sealing, jobId: JobId): Promise<SealRow | null> {
  const { store } = deps
  const item = { jobId, kind: 'receipt', number: 0 } as const
  const known = await store.sealOf(item)
  if (known !== null) return known
  const row = await store.job(jobId)
  if (!hasEnded(row)) return null
  const shards = shardsBehind(row)
  // Of a job of many the rows are let go before those of the next one come.
  if (shards > RECEIPT_LIMITS.fewShards) {
    // Who waited for others may find that one of them was for the same job.
    return deps.alone(async () => (await store.sealOf(item)) ?? signReceipt(deps, row, await store.verdicts(jobId)))
  }
  return signReceipt(deps, row, shards === 0 ? [] : await store.fewVerdicts(jobId))
}

async function signReceipt(deps: Sealing, row: JobRow, verdicts: readonly VerdictRow[]): Promise<SealRow> {
  const { store, signer } = deps
  const item = { jobId: row.id, kind: 'receipt', number: 0 } as const
  const transactions = await store.transactionsOf(row.id)
  const body = receiptBody({ row, verdicts, transactions }, await deps.signingTime())
  const document = canonicalJson(signed('receipt.v1', body, signer))
  return store.putSeal({ ...item, digest: bodyDigest('receipt.v1', body), document })
}

async function noticeSeal(deps: Sealing, jobId: JobId, number: number): Promise<SealRow | null> {
  const { store, signer } = deps
  const item = { jobId, kind: 'notice', number } as const
  const known = await store.sealOf(item)
  if (known !== null) return known
  const notice = (await store.noticesOf(jobId)).find((one) => one.number === number)
  const receipt = await receiptSeal(deps, jobId)
  if (notice === undefined || receipt === null) return null
  const body: Notice = {
    format: 'forge-pool/notice.v1',
    job_id: jobId,
    number,
    kind: notice.kind,
    at_ms: notice.atMs,
    detail: JSON.parse(notice.detail),
    receipt: receipt.digest,
    issued_at_ms: await deps.signingTime(),
  }
  const document = canonicalJson(signed('signed-notice.v1', body, signer))
  return store.putSeal({ ...item, digest: bodyDigest('signed-notice.v1', body), document })
}

/** How many verdicts its receipt sums up. */
function shardsBehind({ answer }: JobRow): number {
  if (answer === null) return 0
  const { hub }: StoredAnswer = JSON.parse(answer)
  return hub.verification.shards
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

const hasEnded = (row: JobRow | null): row is JobRow => row !== null && row.finishedAtMs !== null

/** The same store, which wakes the sealer, and whoever tells of it, when it was given something to sign. */
export function wakingStore(store: Store, ...woken: readonly Pick<Sealer, 'wake'>[]): Store {
  const waking = async <T>(done: Promise<T>): Promise<T> => {
    const value = await done
    for (const one of woken) one.wake()
    return value
  }
  return {
    ...store,
    finishJob: (...args) => waking(store.finishJob(...args)),
    creditNote: (...args) => waking(store.creditNote(...args)),
    noticeFinished: (...args) => waking(store.noticeFinished(...args)),
  }
}
