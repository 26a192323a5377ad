// The page that a browser is sent to: it answers for every place in turn, in its own window or in a worker, and posts
// each answer to where it came from. It needs no driver, so any browser that can open an address can be asked.
import type { Place, Told } from '../places.ts'
import type { EngineKind } from '../engine-kind.ts'
import { answer, type Answer } from './answer.ts'

declare const Worker: new (
  url: URL,
  options: { readonly type: 'module' },
) => {
  onmessage: ((event: { data: { answer: Answer } | { failed: string } }) => void) | null
  onerror: ((event: { message?: string }) => void) | null
  postMessage(message: unknown): void
  terminate(): void
}

function answerInWorker(kind: EngineKind): Promise<Answer> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  const answered = new Promise<Answer>((resolve, reject) => {
    worker.onmessage = ({ data }) => ('answer' in data ? resolve(data.answer) : reject(new Error(data.failed)))
    worker.onerror = ({ message = '' }) => reject(new Error(`the worker failed: ${message}`))
    worker.postMessage(kind)
  })
  return answered.finally(() => worker.terminate())
}

const reply = await fetch('/places')
const places: Place[] = JSON.parse(await reply.text())
for (const place of places) {
  const answering = place.where === 'page' ? answer(place.kind) : answerInWorker(place.kind)
  const told: Told = await answering.then(
    (given) => ({ place, answer: given, failed: null }),
    (error: unknown) => ({ place, answer: null, failed: String(error) }),
  )
  await fetch('/told', { method: 'POST', body: JSON.stringify(told) })
}
