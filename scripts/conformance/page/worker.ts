// A dedicated worker that answers for one kind of engine.
import type { EngineKind } from '../engine-kind.ts'
import { answer } from './answer.ts'

declare const self: {
  onmessage: ((event: { data: EngineKind }) => void) | null
  postMessage(message: unknown): void
}

self.onmessage = ({ data: kind }) => {
  answer(kind).then(
    (told) => self.postMessage({ answer: told }),
    (error: unknown) => self.postMessage({ failed: String(error) }),
  )
}
