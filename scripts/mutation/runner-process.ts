// The entry of a runner's process; pool.ts starts it and kills it.
import { subjectOf, type FromRunner, type ToRunner } from './runner.ts'
import type { Subject } from './subject.ts'

const send = (message: FromRunner): void => void process.send?.(message)
let subject: Subject | undefined

process.on('message', (message: ToRunner) => {
  if (message.kind === 'prepare') {
    subject = subjectOf(message.engine, message.cases)
    return
  }
  if (subject === undefined) throw new Error('a runner is prepared first')
  subject
    .attempt(message.file, message.text, () => send({ kind: 'alive' }))
    .then(
      (outcome) => send({ kind: 'done', outcome }),
      (error: unknown) => send({ kind: 'failed', why: error instanceof Error ? (error.stack ?? '') : String(error) }),
    )
})
