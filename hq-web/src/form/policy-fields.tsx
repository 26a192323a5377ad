// Seed, policy and billing: the part of a contract that is the same for every profile.
import { useId } from 'preact/hooks'
import { TextField } from '../parts/text-field.tsx'
import { words } from '../words.ts'
import type { Form, PolicyName } from './contract.ts'

interface PolicyFieldsProps {
  readonly form: Form
  readonly change: (changed: Partial<Form>) => void
  readonly faultOf: (path: string) => string | undefined
}

const TEXTS = ['min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms', 'pool'] as const

export const PolicyFields = (props: PolicyFieldsProps) => (
  <>
    <SeedFields {...props} />
    <RunFields {...props} />
    <BillingFields {...props} />
  </>
)

function SeedFields({ form, change, faultOf }: PolicyFieldsProps) {
  const { seed, seedMode, seedValue, seedHelp, explicit, derived } = words.form
  return (
    <fieldset>
      <legend>{seed}</legend>
      <div class="fields">
        <Choice
          label={seedMode}
          value={form.seedMode}
          options={{ explicit, derived }}
          change={(value) => change({ seedMode: value === 'derived' ? 'derived' : 'explicit' })}
        />
        {form.seedMode === 'explicit' && (
          <TextField
            label={seedValue}
            value={form.seed}
            help={seedHelp}
            fault={faultOf('seed.value')}
            change={(text) => change({ seed: text })}
          />
        )}
      </div>
    </fieldset>
  )
}

function RunFields({ form, change, faultOf }: PolicyFieldsProps) {
  const { policy: head, policyNames, policyHelp, targets, verifies } = words.form
  const set = (name: PolicyName, value: string): void => change({ policy: { ...form.policy, [name]: value } })
  const isOff = (name: PolicyName): boolean => name === 'spotcheck_rate' && form.policy.verify !== 'spotcheck'
  return (
    <fieldset>
      <legend>{head}</legend>
      <div class="fields">
        <Choice
          label={policyNames.target}
          value={form.policy.target}
          options={targets}
          change={(value) => set('target', value)}
        />
        <Choice
          label={policyNames.verify}
          value={form.policy.verify}
          options={verifies}
          change={(value) => set('verify', value)}
        />
        {TEXTS.filter((name) => !isOff(name)).map((name) => (
          <TextField
            key={name}
            label={policyNames[name]}
            value={form.policy[name]}
            help={policyHelp[name]}
            fault={faultOf(`policy.${name}`)}
            change={(value) => set(name, value)}
          />
        ))}
      </div>
    </fieldset>
  )
}

function BillingFields({ form, change, faultOf }: PolicyFieldsProps) {
  const { billing, billable, test, ownId, ownIdHelp } = words.form
  return (
    <fieldset>
      <legend>{billing}</legend>
      <div class="fields">
        <Choice
          label={billing}
          value={form.mode}
          options={{ billable, test }}
          change={(value) => change({ mode: value === 'test' ? 'test' : 'billable' })}
        />
        <TextField
          label={ownId}
          value={form.ownId}
          help={ownIdHelp}
          fault={faultOf('ctx.job_id')}
          change={(text) => change({ ownId: text })}
        />
      </div>
    </fieldset>
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
