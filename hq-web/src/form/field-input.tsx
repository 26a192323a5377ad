// One field of a generated form: its name in words, the name that the API has, what it may be, and what is wrong with it.
import { useId } from 'preact/hooks'
import { amount, large } from '../format.ts'
import { words } from '../words.ts'
import type { Field } from './fields.ts'

interface FieldInputProps {
  readonly field: Field
  readonly value: string | boolean | null | undefined
  readonly fault: string | undefined
  readonly change: (value: string | boolean | null) => void
}

export function FieldInput(props: FieldInputProps) {
  if (props.field.kind === 'tick') return <Tick {...props} />
  if (props.field.kind === 'levels') return <Levels {...props} />
  return <Text {...props} />
}

const nameOf = ({ name }: Field): string => words.form.names[name] ?? name

function Tick({ field, value, change }: FieldInputProps) {
  const id = useId()
  return (
    <div class="field tick">
      <input
        id={id}
        type="checkbox"
        checked={value === true}
        onChange={(event) => change(event.currentTarget.checked)}
      />
      <label for={id}>
        {nameOf(field)} <code>{field.name}</code>
      </label>
    </div>
  )
}

/** A tick for the usual ones, and a line for one's own. */
function Levels({ field, value, fault, change }: FieldInputProps) {
  const id = useId()
  const { levels, levelsHelp } = words.form
  const isOn = value === true || typeof value === 'string'
  return (
    <div class="field">
      <label class="tick">
        <input type="checkbox" checked={isOn} onChange={(event) => change(event.currentTarget.checked)} />
        <span>
          <b>{nameOf(field)}</b> <code>{field.name}</code>
        </span>
      </label>
      <label for={id}>{levels}</label>
      <input
        id={id}
        type="text"
        spellcheck={false}
        disabled={!isOn}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={`${id}-help`}
        value={typeof value === 'string' ? value : ''}
        onInput={({ currentTarget: { value: typed } }) => change(typed.trim() === '' ? true : typed)}
      />
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? levelsHelp(numberText(field.min ?? 0), numberText(field.max ?? 1))}
      </p>
    </div>
  )
}

function Text({ field, value, fault, change }: FieldInputProps) {
  const id = useId()
  const { noLimit } = words.form
  return (
    <div class="field">
      <label for={id}>
        {nameOf(field)} <code>{field.name}</code>
      </label>
      <input
        id={id}
        type="text"
        inputMode={field.kind === 'number' ? 'decimal' : 'text'}
        spellcheck={false}
        disabled={value === null}
        placeholder={field.fallback === undefined || value === null ? '' : JSON.stringify(field.fallback)}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={`${id}-help`}
        aria-required={field.isRequired}
        value={typeof value === 'string' ? value : ''}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {field.mayBeNull && (
        <label class="tick">
          <input
            type="checkbox"
            checked={value === null}
            onChange={(event) => change(event.currentTarget.checked ? null : '')}
          />
          {noLimit}
        </label>
      )}
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? helpOf(field)}
      </p>
    </div>
  )
}

function helpOf({ name, kind, min, max, fallback, isRequired }: Field): string {
  const { asDefault, optional, json, ifEmpty } = words.form
  const said = [
    kind === 'json' ? json : '',
    rangeOf(min, max),
    isRequired ? '' : fallback === undefined ? (ifEmpty[name] ?? optional) : asDefault(defaultText(fallback)),
  ]
  return said.filter((part) => part !== '').join('; ')
}

function rangeOf(min: number | null, max: number | null): string {
  const { between, atLeast, atMost } = words.form
  if (min === null) return max === null ? '' : atMost(numberText(max))
  return max === null ? atLeast(numberText(min)) : between(numberText(min), numberText(max))
}

const numberText = (n: number): string => (Math.abs(n) < 1e6 ? amount(n) : large(n))
const defaultText = (value: unknown): string => (typeof value === 'number' ? numberText(value) : JSON.stringify(value))
