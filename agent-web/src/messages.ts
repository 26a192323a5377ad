// What the page and its agent worker say to each other.
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import type { AgentOptions } from './options.ts'

export type ToAgent =
  | { readonly type: 'start'; readonly options: AgentOptions }
  | { readonly type: 'finish' }
  | { readonly type: 'stop' }

export type FromAgent =
  | { readonly type: 'snapshot'; readonly snapshot: AgentSnapshot }
  /** It has left; the worker can go. */
  | { readonly type: 'ended' }
