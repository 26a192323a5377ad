// Seed, policy and billing: the part of a contract that is the same for every profile.
import { useId } from 'preact/hooks'
import { words } from '../words.ts'
import type { Form, PolicyName } from './contract.ts'

interface PolicyFieldsProps {
  readonly form: Form
  readonly change: (changed: Partial<Form>) => void
  readonly faultOf: (path: string) => string | undefined
}

const NUMBERS: readonly PolicyName[] = ['min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms']

export function PolicyFields({ form, change, faultOf }: PolicyFieldsProps) {
  const say = words.form
  const policy = (name: PolicyName, value: string): void => change({ policy: { ...form.policy, [name]: value } })
  const isOff = (name: PolicyName): boolean => name === 'spotcheck_rate' && form.policy.verify !== 'spotcheck'
  return (
    <>
      <fieldset>
        <legend>{say.seed}</legend>
        <div class="fields">
          <Choice
            label={say.seedMode}
            value={form.seedMode}
            options={{ explicit: say.explicit, derived: say.derived }}
            change={(value) => change({ seedMode: value === 'derived' ? 'derived' : 'explicit' })}
          />
          {form.seedMode === 'explicit' && (
            <Text
              label={say.seedValue}
              value={form.seed}
              help={say.seedHelp}
              fault={faultOf('seed.value')}
              change={(seed) => change({ seed })}
            />
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>{say.policy}</legend>
        <div class="fields">
          <Choice
            label={say.policyNames['target'] ?? ''}
            value={form.policy.target}
            options={say.targets}
            change={(value) => policy('target', value)}
          />
          <Choice
            label={say.policyNames['verify'] ?? ''}
            value={form.policy.verify}
            options={say.verifies}
            change={(value) => policy('verify', value)}
          />
          {NUMBERS.filter((name) => !isOff(name)).map((name) => (
            <Text
              key={name}
              label={say.policyNames[name] ?? name}
              value={form.policy[name]}
              help={name === 'spotcheck_rate' || name === 'timeout_ms' ? say.optional : ''}
              fault={faultOf(`policy.${name}`)}
              change={(value) => policy(name, value)}
            />
          ))}
          <Text
            label={say.policyNames['pool'] ?? ''}
            value={form.policy.pool}
            help={say.poolHelp}
            fault={faultOf('policy.pool')}
            change={(value) => policy('pool', value)}
          />
        </div>
      </fieldset>
      <fieldset>
        <legend>{say.billing}</legend>
        <div class="fields">
          <Choice
            label={say.billing}
            value={form.mode}
            options={{ billable: say.billable, test: say.test }}
            change={(value) => change({ mode: value === 'test' ? 'test' : 'billable' })}
          />
          <Text
            label={say.ownId}
            value={form.ownId}
            help={say.ownIdHelp}
            fault={faultOf('ctx.job_id')}
            change={(ownId) => change({ ownId })}
          />
        </div>
      </fieldset>
    </>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly options: Readonly<Record<string, string>>
  readonly change: (value: string) => void
}

function Choice({ label, value, options, change }: ChoiceProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => change(event.currentTarget.value)}>
        {Object.entries(options).map(([name, said]) => (
          <option key={name} value={name}>
            {said}
          </option>
        ))}
      </select>
    </div>
  )
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly help: string
  readonly fault: string | undefined
  readonly change: (value: string) => void
}

function Text({ label, value, help, fault, change }: TextProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        spellcheck={false}
        value={value}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={`${id}-help`}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
        {fault ?? help}
      </p>
    </div>
  )
}
