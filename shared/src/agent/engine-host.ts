// What the runner asks of engines, wherever they live: a host runs one engine on one or more lanes (workers), and a
// choice of hosts is tried in order until one reproduces the known answers on this machine.
import { EngineAbsent } from './engines/engine.ts'
import type { Ready } from '../contract/agent-events.ts'
import type { EngineName } from '../contract/ids.ts'
import type { Launch, ShardRange } from '../kernels/kernel.ts'

export interface RunOrder {
  readonly kernel: string
  /** Equal for equal launches, so that what is loaded stays loaded. */
  readonly launchKey: string
  readonly launch: Launch
  readonly shards: readonly ShardRange[]
}

export interface RunObserver {
  started(shard: number): void
  /** Units of the order's shards, unfinished ones included; at most twice a second a lane, and less after a loss. */
  computed(units: number): void
  done(shard: number, partial: Uint8Array, kernelMs: number): void
  /** This shard only; the run goes on with the others. */
  failed(shard: number, reason: string): void
}

export interface EngineHost {
  readonly engine: EngineName
  /** Workers that run shards side by side. */
  readonly lanes: number
  /** One frame a kernel. Rejects with a sentence when the engine does not reproduce the known answers. */
  selfTest(): Promise<readonly Ready[]>
  /** Resolves when every shard is done or failed, or soon after the abort; rejects when the engine is lost. */
  run(order: RunOrder, observer: RunObserver, signal: AbortSignal): Promise<void>
  /** Of the time, for each lane, from now on: from 0.05 to 1. */
  setShare(share: number): void
  /** Milliseconds that its lanes have worked, all together, as they said last. */
  busyMs(): number
  close(): void
}

export interface EngineCandidate {
  readonly engine: EngineName
  /** Rejects with a sentence when this machine does not have it. `notice` is told, in a sentence, what befell it later. */
  open(notice: (sentence: string) => void): Promise<EngineHost>
  /** How often it may be lost before the next candidate takes over. */
  readonly chances: number
}

/** What a person is told about an engine's self-test. */
export interface EngineReport {
  readonly engine: EngineName
  /** `absent`: this machine has no such engine. */
  readonly outcome: 'running' | 'passed' | 'refused' | 'absent'
  readonly detail: string
}

export interface ReadyEngine {
  readonly host: EngineHost
  readonly readies: readonly Ready[]
}

export interface EngineChoice {
  reports(): readonly EngineReport[]
  /** The first engine that passes; called again after it was lost. Rejects with all the reasons. */
  next(): Promise<ReadyEngine>
  close(): void
}

export function chooseEngine(candidates: readonly EngineCandidate[], changed: () => void): EngineChoice {
  const reports = new Map<EngineName, EngineReport>()
  const losses = new Map<EngineName, number>()
  let current: EngineHost | undefined
  let closed = false

  const report = (engine: EngineName, outcome: EngineReport['outcome'], detail: string): void => {
    reports.set(engine, { engine, outcome, detail })
    changed()
  }
  const attempt = async ({ engine, open }: EngineCandidate): Promise<ReadyEngine> => {
    report(engine, 'running', 'It runs shards whose answers are known.')
    let passed = ''
    const host = await open((sentence) => {
      if (host === current) report(engine, 'passed', `${passed} ${sentence}`.trim())
    })
    current = host
    const readies = await host.selfTest()
    const answers = readies.reduce((sum, ready) => sum + ready.digests.length, 0)
    passed = `${answers} known ${answers === 1 ? 'answer' : 'answers'} reproduced, bit for bit.`
    report(engine, 'passed', passed)
    return { host, readies }
  }
  const shut = (): void => {
    current?.close()
    current = undefined
  }

  return {
    reports: () => [...reports.values()],
    async next() {
      if (current) losses.set(current.engine, (losses.get(current.engine) ?? 0) + 1)
      shut()
      for (const candidate of candidates) {
        const lost = losses.get(candidate.engine) ?? 0
        if (lost >= candidate.chances) {
          report(
            candidate.engine,
            'refused',
            `It was lost${lost === 1 ? '' : ` ${lost} times`}, so it rests until this agent starts again.`,
          )
          continue
        }
        if (closed) break
        try {
          return await attempt(candidate)
        } catch (error) {
          // It will not pass a second time either, so it gets no further chance.
          losses.set(candidate.engine, candidate.chances)
          report(candidate.engine, error instanceof EngineAbsent ? 'absent' : 'refused', asSentence(sentenceOf(error)))
          shut()
        }
      }
      throw new Error(
        [...reports.values()].map(({ engine, detail }) => `${ENGINE_LABELS[engine]}: ${detail}`).join(' '),
      )
    },
    close() {
      closed = true
      shut()
    },
  }
}

/** As pages and logs write them. */
export const ENGINE_LABELS = { webgpu: 'WebGPU', wasm: 'WASM', reference: 'Reference' } as const satisfies Record<
  EngineName,
  string
>

const asSentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1).replace(/[^.!?]$/, '$&.')

/** What a thrown value says, for a person. */
export const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
