// One line that a person types: its label, what helps, and in its place what the server said is wrong with it.
import { useId } from 'preact/hooks'

interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly help: string
  readonly fault: string | undefined
  readonly change: (value: string) => void
  readonly type?: 'text' | 'date'
}

export function TextField({ label, value, help, fault, change, type = 'text' }: TextFieldProps) {
  const id = useId()
  const input = {
    id,
    spellcheck: false,
    value,
    'aria-invalid': fault === undefined ? undefined : ('true' as const),
    'aria-describedby': `${id}-help`,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => change(event.currentTarget.value),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'date' ? <input type="date" {...input} /> : <input type="text" autocomplete="off" {...input} />}
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? help}
      </p>
    </div>
  )
}
