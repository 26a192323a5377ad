// What the page and its agent worker say to each other.
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'

/** Of the time, from 0.05 to 1. */
export interface Shares {
  readonly cpu: number
  readonly gpu: number
}

export interface AgentOptions {
  /** Undefined: WebGPU where it is real and passes, else WASM. */
  readonly engine: 'webgpu' | 'wasm' | undefined
  /** WASM workers. */
  readonly threads: number
  readonly shares: Shares
  /** Kernels that it does not take, by name. */
  readonly declined: readonly string[]
  /** Whether it takes kernels that the page has no name for. */
  readonly unnamed: boolean
  readonly name: string | undefined
  readonly token: string | undefined
}

export type ToAgent =
  | { readonly type: 'start'; readonly options: AgentOptions }
  | { readonly type: 'shares'; readonly shares: Shares }
  | { readonly type: 'finish' }
  | { readonly type: 'stop' }

export type FromAgent =
  /** `bytes`: sent and received since it was started. */
  | { readonly type: 'snapshot'; readonly snapshot: AgentSnapshot; readonly bytes: number }
  /** It has left; the worker can go. */
  | { readonly type: 'ended' }
