// The frame of a form that makes something: what it makes, its fields, the button that says why it is off, and a refusal.
import type { ComponentChildren } from 'preact'
import type { Problem } from '../api.ts'
import { Button } from './button.tsx'
import { ProblemNote } from './problem.tsx'

interface MakeFormProps {
  readonly title: string
  /** What the button says; the title, unless said. */
  readonly act?: string
  /** Why nothing can be made now. */
  readonly off: string | undefined
  /** Said below the button. */
  readonly note?: string | undefined
  readonly problem: Problem | null
  /** In the place of a refusal that the form can say better. */
  readonly instead?: ComponentChildren
  readonly submit: () => void
  readonly children: ComponentChildren
}

export function MakeForm({ title, act = title, off, note, problem, instead, submit, children }: MakeFormProps) {
  const send = (): void => {
    if (off === undefined) submit()
  }
  return (
    <form
      class="new-key"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <h2>{title}</h2>
      {children}
      <p class="acts">
        <Button main off={off} onPress={send}>
          {act}
        </Button>
      </p>
      {note !== undefined && <p class="cap">{note}</p>}
      {instead ?? (problem !== null && <ProblemNote problem={problem} />)}
    </form>
  )
}
