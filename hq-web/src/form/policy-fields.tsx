// Seed, policy and billing: the part of a contract that is the same for every profile.
import { useId } from 'preact/hooks'
import { TextField } from '../parts/text-field.tsx'
import { words } from '../words.ts'
import { ARTIFACTS, type Form, type PolicyName, type TypedArtifacts } from './contract.ts'

interface PolicyFieldsProps {
  readonly form: Form
  readonly change: (changed: Partial<Form>) => void
  readonly faultOf: (path: string) => string | undefined
  /** Of the project; none where the key may not see them. */
  readonly pools: readonly string[]
}

const TEXTS = ['min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms', 'region'] as const

export const PolicyFields = (props: PolicyFieldsProps) => (
  <>
    <SeedFields {...props} />
    <RunFields {...props} />
    <ArtifactFields {...props} />
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

function RunFields({ form, change, faultOf, pools }: PolicyFieldsProps) {
  const { policy: head, policyNames, policyHelp, targets, verifies, unverified } = words.form
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
        {form.policy.verify !== 'none' && (
          <Choice
            label={policyNames.on_unverified}
            value={form.policy.on_unverified}
            options={unverified}
            change={(value) => set('on_unverified', value)}
          />
        )}
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
        <PoolField
          pools={pools}
          value={form.policy.pool}
          fault={faultOf('policy.pool')}
          change={(value) => set('pool', value)}
        />
      </div>
    </fieldset>
  )
}

interface PoolFieldProps {
  readonly pools: readonly string[]
  readonly value: string
  readonly fault: string | undefined
  readonly change: (value: string) => void
}

/** A choice of those there are; where none is known, a name to type. */
function PoolField({ pools, value, fault, change }: PoolFieldProps) {
  const { policyNames, policyHelp, poolHelp, anyPool } = words.form
  const field = { label: policyNames.pool, value, help: policyHelp.pool, fault, change }
  if (pools.length === 0) return <TextField {...field} />
  // What is there already stays, though it be none of them.
  const names = ['', ...new Set(value === '' ? pools : [...pools, value])]
  return (
    <Choice
      {...field}
      help={poolHelp}
      options={Object.fromEntries(names.map((name) => [name, name === '' ? anyPool : name]))}
    />
  )
}

function ArtifactFields({ form, change, faultOf }: PolicyFieldsProps) {
  const say = words.form.artifacts
  const { include, namespace, arrays } = form.artifacts
  const edit = (changes: Partial<TypedArtifacts>): void => change({ artifacts: { ...form.artifacts, ...changes } })
  // The server speaks of one array, and of its name or its place.
  const ofArrays = [0, 1, 2, 3].flatMap((n) => ['array', 'name'].map((part) => `artifacts.vmem.${n}.${part}`))
  const fault = ['artifacts.vmem', ...ofArrays].map(faultOf).find((one) => one !== undefined)
  return (
    <fieldset>
      <legend>{say.legend}</legend>
      <div class="fields">
        <div class="field" role="group" aria-label={say.include}>
          {ARTIFACTS.map((name) => (
            <label key={name} class="tick">
              <input
                type="checkbox"
                checked={include.includes(name)}
                onChange={({ currentTarget: { checked } }) =>
                  edit({ include: checked ? [...include, name] : include.filter((one) => one !== name) })
                }
              />
              {say.names[name]} <code>{name}</code>
            </label>
          ))}
        </div>
        <TextField
          label={say.arrays}
          value={arrays}
          help={say.arraysHelp}
          fault={fault}
          change={(text) => edit({ arrays: text })}
        />
        <TextField
          label={say.namespace}
          value={namespace}
          help={say.namespaceHelp}
          fault={faultOf('artifacts.kv_namespace')}
          change={(text) => edit({ namespace: text })}
        />
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
  readonly help?: string
  readonly fault?: string | undefined
  readonly change: (value: string) => void
}

function Choice({ label, value, options, help, fault, change }: ChoiceProps) {
  const id = useId()
  const said = fault ?? help
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={said === undefined ? undefined : `${id}-help`}
        onChange={(event) => change(event.currentTarget.value)}
      >
        {Object.entries(options).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
      {said !== undefined && (
        <p class={fault === undefined ? 'cap' : 'cap is-bad'} id={`${id}-help`}>
          {said}
        </p>
      )}
    </div>
  )
}
