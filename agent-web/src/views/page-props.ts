// What every part of the page is drawn from, and what a hand can do.
import type { AgentRecordView, PoolView } from '@forge/shared/contract/agent-record.ts'
import type { Stretch } from '../last-hour.ts'
import type { KnownRefusal } from '../last-refusal.ts'
import type { PageOptions } from '../options.ts'
import type { Settings } from '../settings.ts'
import type { TabState } from '../tab.ts'
import type { TokenHolder } from '../token-holder.ts'

export interface Acts {
  start(): void
  finish(): void
  stop(): void
  goOn(): void
  takeOver(): void
  reload(): void
  exportKey(): void
  importKey(file: File): void
}

export interface PageProps {
  readonly tab: TabState
  readonly settings: Settings
  set(change: Partial<Settings>): void
  readonly options: PageOptions
  readonly cores: number
  readonly acts: Acts
  /** Undefined: not heard yet. */
  readonly pool: PoolView | undefined
  /** Whose the tab's token is; undefined: there is none, or it is not heard yet. */
  readonly holder: TokenHolder | undefined
  /** Of a refused agent: why it was sent away, where the last refusal says less. */
  readonly refusedBefore: KnownRefusal | undefined
  readonly record: AgentRecordView | undefined
  /** Units a second, one sample a second, the newest last. */
  readonly speeds: readonly number[]
  readonly hour: readonly Stretch[]
  readonly nowMs: number
  /** Said of the key, after something was done with it. */
  readonly keyNotice: string
}
