// The volunteer's page: three buttons, and a view of what the agent in its worker says. It computes nothing itself.
import { drawField } from './field.ts'
import type { FromAgent, ToAgent } from './messages.ts'
import { readOptions } from './options.ts'
import { READY, show, type View } from './view.ts'

const options = readOptions(location.search, navigator.hardwareConcurrency, location.hash)
let agent: Worker | undefined
let view: View = READY

/** A worker that has said goodbye may still be telling the Hub; it is ended for it when it takes longer. */
const GOODBYE_MS = 3000

function update(next: View): void {
  view = next
  show(view, agent !== undefined, options, { start, finish: () => tell({ type: 'finish' }), stop })
}

function start(): void {
  agent?.terminate()
  const worker = new Worker(new URL('./agent-worker.ts', import.meta.url), { type: 'module', name: 'agent' })
  agent = worker
  worker.onmessage = ({ data }: MessageEvent<FromAgent>) => {
    if (worker !== agent) return
    if (data.type === 'snapshot') return update(data.snapshot)
    worker.terminate()
    agent = undefined
    update(view)
  }
  worker.onerror = ({ message }) => {
    if (worker !== agent) return
    // Without a message the worker's own file did not come: the pool, not this browser, is at fault.
    gone(
      message
        ? `The agent could not go on in this browser: ${message}.`
        : 'The pool cannot be reached now. Press Start to try again.',
    )
  }
  update({ ...READY, state: 'selftest', why: 'Starting.' })
  const { engine, threads, name, token } = options
  tell({ type: 'start', options: { engine, threads, name, token } })
}

function stop(): void {
  const leaving = agent
  tell({ type: 'stop' })
  setTimeout(() => {
    if (agent === leaving && leaving !== undefined) gone(undefined)
  }, GOODBYE_MS)
}

function gone(failed: string | undefined): void {
  agent?.terminate()
  agent = undefined
  update({ ...view, state: 'stopped', why: failed ?? 'Stopped.', assignment: undefined, unitsPerSecond: 0 })
}

const tell = (message: ToAgent): void => agent?.postMessage(message)

const field = document.getElementById('field')
if (field) drawField(field)
update(READY)
if (options.autostart) start()
