// The operator's form: a field for each limit, filled with what holds now; only what is changed is sent.
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { patch } from '../api.ts'
import { bytes } from '../format.ts'
import { numberOf } from '../form/fields.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useAct } from '../parts/use-act.ts'
import { words } from '../words.ts'
import { limitWords as say } from '../words/limits.ts'
import {
  changeOf,
  GROUPS,
  KIND,
  rebased,
  typedLimits,
  type LimitName,
  type Limits,
  type TypedLimits,
} from './limits.ts'

type Mode = Limits['verify_min']
const MODES = Object.keys(words.form.verifies) as Mode[]

interface LimitFormProps {
  readonly projectId: string
  readonly limits: Limits
  readonly changed: () => void
}

export function LimitForm({ projectId, limits, changed }: LimitFormProps) {
  const [{ over, ...last }, setTyped] = useState(() => ({ typed: typedLimits(limits), over: limits }))
  // They are read again after a change, and another operator may have changed some meanwhile: those are not sent back.
  const typed = over === limits ? last.typed : rebased(last.typed, over, limits)
  const [saved, setSaved] = useState(false)
  const [sent, setSent] = useState<Partial<Limits>>({})
  const form = useRef<HTMLFormElement>(null)
  const { busy, problem, attempt, faultOf } = useAct()
  const { limits: change, faults } = changeOf(typed, limits)
  const isSame = Object.keys(change).length === 0
  const off = busy ? say.busy : Object.keys(faults).length > 0 ? say.mend : isSame ? say.same : undefined
  const edit = (changes: Partial<TypedLimits>): void => {
    setSaved(false)
    setTyped({ typed: { ...typed, ...changes }, over: limits })
  }
  useEffect(() => {
    // The button is far below.
    if (problem !== null) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }, [problem])
  const submit = async (): Promise<void> => {
    if (off !== undefined) return
    setSent(change)
    const send = async (): Promise<void> => {
      await patch('/api/v0/projects/{id}', { limits: change }, { params: { id: projectId } })
    }
    if (!(await attempt(send))) return
    setSaved(true)
    changed()
  }
  // What the server said is of what was sent, and goes when that is changed.
  const isAsSent = (name: LimitName): boolean => JSON.stringify(sent[name]) === JSON.stringify(change[name])
  const faultAt = (name: LimitName): string | undefined =>
    faults[name] ?? (isAsSent(name) ? faultOf(`limits.${name}`) : undefined)
  return (
    <form
      ref={form}
      class="new-key"
      aria-label={say.change}
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <h2>{say.change}</h2>
      <p class="soft">{say.changeNote}</p>
      {(['jobs', 'credits', 'memory'] as const).map((group) => (
        <fieldset key={group}>
          <legend>{say.groups[group]}</legend>
          <div class="fields">
            {GROUPS[group].map((name) => (
              <LimitField key={name} name={name} typed={typed} fault={faultAt(name)} edit={edit} />
            ))}
          </div>
        </fieldset>
      ))}
      <Checks typed={typed} faultAt={faultAt} edit={edit} />
      <p class="acts">
        <Button main off={off} onPress={() => void submit()}>
          {say.save}
        </Button>
      </p>
      <p class="cap" role="status">
        {saved && isSame ? say.saved : off}
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  )
}

interface FieldProps {
  readonly name: LimitName
  readonly typed: TypedLimits
  readonly fault: string | undefined
  readonly edit: (changes: Partial<TypedLimits>) => void
}

function LimitField({ name, typed, fault, edit }: FieldProps) {
  const id = useId()
  const text = typed.texts[name] ?? null
  const set = (value: string | null): void => edit({ texts: { ...typed.texts, [name]: value } })
  return (
    <div class="field">
      <label for={id}>
        {say.names[name]} <code>{name}</code>
      </label>
      <input
        id={id}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        disabled={text === null}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={`${id}-help`}
        value={text ?? ''}
        onInput={(event) => set(event.currentTarget.value)}
      />
      {KIND[name] !== 'list' && (
        <label class="tick">
          <input
            type="checkbox"
            checked={text === null}
            onChange={(event) => set(event.currentTarget.checked ? null : '')}
          />
          {say.noLimit}
        </label>
      )}
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? helpOf(name, text)}
      </p>
    </div>
  )
}

function helpOf(name: LimitName, text: string | null): string {
  if (name === 'burn_warnings') return say.warningsHelp
  const value = text === null ? undefined : numberOf(text)
  if (KIND[name] === 'bytes') return value === undefined ? '' : say.bytesHelp(bytes(value))
  return say.notes[name] ?? ''
}

interface ChecksProps {
  readonly typed: TypedLimits
  readonly faultAt: (name: LimitName) => string | undefined
  readonly edit: (changes: Partial<TypedLimits>) => void
}

function Checks({ typed, faultAt, edit }: ChecksProps) {
  const id = useId()
  const fault = faultAt('verify_min')
  const ticked = (mode: Mode, isOn: boolean): void =>
    edit({ verify: MODES.filter((one) => (one === mode ? isOn : typed.verify.includes(one))) })
  return (
    <fieldset>
      <legend>{say.groups.checks}</legend>
      <div class="fields">
        <div class="field" role="group" aria-label={say.names.verify}>
          {MODES.map((mode) => (
            <label key={mode} class="tick">
              <input
                type="checkbox"
                checked={typed.verify.includes(mode)}
                aria-invalid={faultAt('verify') === undefined ? undefined : 'true'}
                onChange={(event) => ticked(mode, event.currentTarget.checked)}
              />
              {words.form.verifies[mode]}
            </label>
          ))}
          {faultAt('verify') !== undefined && <p class="cap is-bad">{faultAt('verify')}</p>}
        </div>
        <div class="field">
          <label for={id}>
            {say.names.verify_min} <code>verify_min</code>
          </label>
          <select
            id={id}
            value={typed.verify_min}
            aria-invalid={fault === undefined ? undefined : 'true'}
            aria-describedby={fault === undefined ? undefined : `${id}-help`}
            onChange={(event) => {
              const chosen = MODES.find((mode) => mode === event.currentTarget.value)
              if (chosen !== undefined) edit({ verify_min: chosen })
            }}
          >
            {MODES.map((mode) => (
              <option key={mode} value={mode}>
                {words.form.verifies[mode]}
              </option>
            ))}
          </select>
          {fault !== undefined && (
            <p class="cap is-bad" id={`${id}-help`}>
              {fault}
            </p>
          )}
        </div>
        {(['spotcheck_rate_min', 'spotcheck_rate_max'] as const).map((name) => (
          <LimitField key={name} name={name} typed={typed} fault={faultAt(name)} edit={edit} />
        ))}
      </div>
    </fieldset>
  )
}
