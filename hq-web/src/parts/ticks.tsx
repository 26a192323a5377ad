// Several of what there is, each with a tick, its sentence and the name that the API has.
import { useId } from 'preact/hooks'

interface TicksProps<Name extends string> {
  readonly legend: string
  readonly help: string
  readonly fault: string | undefined
  /** All that there are, with their sentences. */
  readonly options: Readonly<Record<Name, string>>
  readonly chosen: readonly Name[]
  readonly choose: (chosen: readonly Name[]) => void
  /** Why one of them cannot be chosen. */
  readonly off?: (name: Name) => string | undefined
}

export function Ticks<Name extends string>({ legend, help, fault, options, ...rest }: TicksProps<Name>) {
  const { chosen, choose, off = () => undefined } = rest
  const id = useId()
  return (
    <fieldset aria-describedby={id}>
      <legend>{legend}</legend>
      <ul class="scopes">
        {namesOf(options).map((name) => (
          <li key={name}>
            <label>
              <input
                type="checkbox"
                disabled={off(name) !== undefined}
                checked={chosen.includes(name) && off(name) === undefined}
                onChange={({ currentTarget: { checked } }) =>
                  choose(checked ? [...chosen, name] : chosen.filter((one) => one !== name))
                }
              />
              <span>
                {options[name]} <code>{name}</code>
                {off(name) !== undefined && <span class="cap">{off(name)}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={id}>
        {fault ?? help}
      </p>
    </fieldset>
  )
}

const namesOf = <Name extends string>(options: Readonly<Record<Name, string>>): Name[] => Object.keys(options) as Name[]
