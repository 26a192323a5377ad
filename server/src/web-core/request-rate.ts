// How many requests a project may make, whichever of its keys and whichever server they come to. The truth is a bucket in
// the store; each server takes some requests out of it at a time and hands them on, so that most requests cost no write.
// What a server has taken and not used is at most a second's worth: so much more may come at once for each further server.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { problem } from '@forge/shared/contract/problem.ts'
import type { TenantStore } from '../store/tenants.ts'
import { OPERATOR_RAISES } from './limit-refusals.ts'
import { WEB_LIMITS } from './limits.ts'
import { Refusal } from './refusal.ts'
import { limitsOf } from './tenant-views.ts'

export const RATE_HEADERS: Readonly<Record<string, string>> = {
  RateLimit:
    '`"requests";r=N;t=S`: N requests are left, and all of them are in S seconds; none where there is no limit',
  'RateLimit-Policy': '`"requests";q=N;w=60`: N requests a minute',
}

export interface Rate {
  readonly refused: Refusal | null
  /** Of every answer; none where the project has no limit. */
  readonly headers: Readonly<Record<string, string>>
}

export interface RequestRate {
  take(projectId: ProjectId): Promise<Rate>
}

interface Share {
  /** The limit that it was taken under; null: there is none. */
  readonly perMinute: number | null
  readonly readAtMs: number
  /** Taken out of the store and not used yet. */
  held: number
  /** What was left in the store then. */
  readonly left: number
  /** No request before. */
  readonly dryUntilMs: number
}

const SECONDS_A_MINUTE = 60

export function createRequestRate(
  store: Pick<TenantStore, 'project' | 'takeRequests'>,
  /** Milliseconds since 1970. */
  clock: () => number,
): RequestRate {
  const shares = new Map<ProjectId, Share>()
  const drawing = new Map<ProjectId, Promise<Share>>()
  const waiting = new Map<ProjectId, number>()

  const isFresh = ({ readAtMs }: Share): boolean => Math.abs(clock() - readAtMs) < WEB_LIMITS.rateShareMs

  /** Reads the limit again, and takes more when there is none left. */
  async function draw(projectId: ProjectId): Promise<Share> {
    const before = shares.get(projectId)
    const row = await store.project(projectId)
    const perMinute = row === null ? null : limitsOf(row).requests_per_minute
    const readAtMs = clock()
    const none = { perMinute, readAtMs, held: 0, left: 0, dryUntilMs: 0 }
    if (perMinute === null) return none
    if (before?.perMinute === perMinute && before.held > 0) return { ...before, readAtMs }
    const asked = Math.min(perMinute, Math.max(Math.ceil(perMinute / SECONDS_A_MINUTE), waiting.get(projectId) ?? 1))
    const { granted, left, nextInMs } = await store.takeRequests(projectId, perMinute, asked)
    // The store is not asked again before a second is over, however many requests come: a refusal costs no write.
    const pauseMs = granted > 0 ? 0 : Math.max(nextInMs, WEB_LIMITS.rateShareMs)
    return { ...none, held: granted, left, dryUntilMs: readAtMs + pauseMs }
  }

  /** One at a time of each project: whoever comes meanwhile waits for it, and is counted in what the next one asks for. */
  async function drawOnce(projectId: ProjectId): Promise<Share> {
    waiting.set(projectId, (waiting.get(projectId) ?? 0) + 1)
    try {
      let drawn = drawing.get(projectId)
      if (drawn === undefined) {
        drawn = draw(projectId).finally(() => drawing.delete(projectId))
        drawing.set(projectId, drawn)
        keep(projectId, await drawn)
      }
      return await drawn
    } finally {
      const left = (waiting.get(projectId) ?? 1) - 1
      if (left === 0) waiting.delete(projectId)
      else waiting.set(projectId, left)
    }
  }

  function keep(projectId: ProjectId, share: Share): void {
    shares.delete(projectId)
    shares.set(projectId, share)
    const [oldest] = shares.keys()
    if (oldest !== undefined && shares.size > WEB_LIMITS.rateSharesMax) shares.delete(oldest)
  }

  return {
    async take(projectId) {
      for (;;) {
        let share = shares.get(projectId)
        if (share === undefined || !isUsable(share)) share = await drawOnce(projectId)
        const { perMinute, dryUntilMs } = share
        if (perMinute === null) return { refused: null, headers: {} }
        if (share.held > 0) {
          share.held--
          return { refused: null, headers: headersOf(perMinute, share.held + share.left) }
        }
        const waitMs = dryUntilMs - clock()
        if (waitMs > 0) return { refused: tooFast(perMinute, waitMs), headers: headersOf(perMinute, 0) }
      }
    },
  }

  function isUsable(share: Share): boolean {
    // A limit that was raised is heard of within a second too.
    if (!isFresh(share)) return false
    return share.perMinute === null || share.held > 0 || clock() < share.dryUntilMs
  }
}

const headersOf = (perMinute: number, left: number): Readonly<Record<string, string>> => ({
  RateLimit: `"requests";r=${left};t=${Math.ceil(((perMinute - left) * SECONDS_A_MINUTE) / perMinute)}`,
  'RateLimit-Policy': `"requests";q=${perMinute};w=${SECONDS_A_MINUTE}`,
})

function tooFast(perMinute: number, waitMs: number): Refusal {
  const seconds = Math.ceil(waitMs / 1_000)
  const detail = `The project’s limit requests_per_minute is ${perMinute}; send it again in ${seconds} s. ${OPERATOR_RAISES}`
  return new Refusal(problem('RATE_LIMITED', detail), { 'Retry-After': String(seconds) })
}
