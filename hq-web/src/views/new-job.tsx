// A new job: a form made from the catalogue, with the founding example in it, what it would cost as one types, and the same
// request for whoever would rather send it from a program.
import { useMemo, useState } from 'preact/hooks'
import { ApiProblem, get, post, type Problem, type Schema } from '../api.ts'
import { useDraft, type Draft } from '../draft.ts'
import { contractOf, foundingForm, type Form } from '../form/contract.ts'
import { EstimateBox } from '../form/estimate-box.tsx'
import { FieldInput } from '../form/field-input.tsx'
import { fieldsOf } from '../form/fields.ts'
import { PolicyFields } from '../form/policy-fields.tsx'
import { SameRequest } from '../form/same-request.tsx'
import { useEstimate, type Contract } from '../form/use-estimate.ts'
import { useLoad } from '../load.ts'
import { Button } from '../parts/button.tsx'
import { Head } from '../parts/head.tsx'
import { opTitle, opUnits } from '../parts/job-table.tsx'
import { OldDraft } from '../parts/old-draft.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, navigate, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

type Op = Schema<'ListOpsAnswer'>['ops'][number]

export function NewJobView() {
  useTitle(words.title(words.form.title))
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/ops', { signal }), [])
  return (
    <>
      <Head title={words.form.title}>{words.form.founding}</Head>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.ops[0] !== undefined && <JobForm ops={data.ops} first={data.ops[0]} />}
    </>
  )
}

/** What is in the form, the contract that it makes, and what stands against running it. */
function useForm(ops: readonly Op[], first: Op) {
  const say = words.form
  const session = useSession()
  const draft = useDraft<Form>('new-job', () => foundingForm(fieldsOf(first.args_schema)))
  const { typed: form, edit: change } = draft
  const op = ops.find((one) => one.op === form.op) ?? first
  const fields = useMemo(() => fieldsOf(op.args_schema), [op])
  const { contract, faults } = contractOf(form, fields)
  const isWritten = Object.keys(faults).length === 0
  const estimated = useEstimate(isWritten ? contract : null)
  const found = estimated.isOld ? null : estimated.problem
  const faultOf = (path: string): string | undefined => {
    const fault = found?.errors?.find((one) => one.path === path || one.path.startsWith(`${path}.`))
    const inside = fault?.path.slice(path.length + 1) ?? ''
    return faults[path] ?? (inside === '' ? fault?.message : `${inside}: ${fault?.message}`)
  }
  const isGood = isWritten && estimated.problem === null
  const isOver = !estimated.isOld && estimated.estimate?.limits.some(({ exceeded }) => exceeded) === true
  const whyNot = isGood ? (isOver ? say.overLimit : undefined) : say.cannot
  const off = may(session, 'jobs:write') ? whyNot : say.noScope
  return { draft, form, change, fields, faults, faultOf, contract, estimate: { ...estimated, problem: found }, off }
}

/** Registers the contract and goes to its job; where the own id has one already, nothing runs, and that is said. */
function useRun(contract: Contract, { clear }: Pick<Draft<Form>, 'clear'>) {
  const [refused, setRefused] = useState<Problem | null>(null)
  const [there, setThere] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const run = async (): Promise<void> => {
    setBusy(true)
    setRefused(null)
    setThere(null)
    const told = { attached: false }
    const heard = (headers: Headers): void => void (told.attached = headers.has('Forge-Attached'))
    try {
      const job = await post('/api/v0/ops/execute', contract, { headers: { Prefer: 'respond-async' }, heard })
      if (told.attached) setThere(job.job_id)
      else {
        clear()
        navigate(`/jobs/${job.job_id}`)
      }
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setRefused(error.problem)
    } finally {
      setBusy(false)
    }
  }
  return { run, refused, there, busy }
}

/** The project's pools, as far as the key may see them. */
function usePools(): readonly string[] {
  const canSee = may(useSession(), 'pools:manage')
  const { data } = useLoad(
    async (signal) => (canSee ? get('/api/v0/pools', { query: { limit: 100 }, signal }) : null),
    [canSee],
  )
  return data?.pools.map(({ name }) => name) ?? []
}

function JobForm({ ops, first }: { ops: readonly Op[]; first: Op }) {
  const say = words.form
  const { draft, form, change, fields, faults, faultOf, contract, estimate, off: notReady } = useForm(ops, first)
  const { run, refused, there, busy } = useRun(contract, draft)
  const pools = usePools()
  const off = busy ? say.submitBusy : notReady
  return (
    <div class="new-job">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (off === undefined) void run()
        }}
      >
        <OldDraft of={draft} />
        <OpField ops={ops} form={form} change={change} />
        <fieldset>
          <legend>{say.args}</legend>
          <div class="fields">
            {fields.map((field) => (
              <FieldInput
                key={field.name}
                field={field}
                value={form.args[field.name]}
                fault={faults[field.name] ?? faultOf(`args.${field.name}`)}
                change={(value) => change({ args: { ...form.args, [field.name]: value } })}
              />
            ))}
          </div>
        </fieldset>
        <PolicyFields form={form} change={change} faultOf={faultOf} pools={pools} />
      </form>
      <aside aria-label={say.estimate}>
        <EstimateBox {...estimate} units={opUnits(form.op)} />
        <p class="acts">
          <Button main off={off} onPress={() => void run()}>
            {say.submit}
          </Button>
        </p>
        {off !== undefined && <p class="cap">{off}</p>}
        {refused !== null && <ProblemNote problem={refused} />}
        {there !== null && (
          <p role="alert">
            {say.attached(form.ownId.trim())} <Link to={`/jobs/${there}`}>{say.attachedLink}</Link>
          </p>
        )}
        <h2>{say.infer}</h2>
        <p class="soft">{say.inferText}</p>
        <SameRequest contract={contract} />
      </aside>
    </div>
  )
}

function OpField({ ops, form, change }: { ops: readonly Op[]; form: Form; change: (changed: Partial<Form>) => void }) {
  const { op } = words.form
  return (
    <fieldset>
      <legend>{op}</legend>
      <div class="field">
        <label for="op-name">{op}</label>
        <select id="op-name" value={form.op} onChange={(event) => change({ op: event.currentTarget.value, args: {} })}>
          {ops.map((one) => (
            <option key={one.op} value={one.op}>
              {`${opTitle(one.op)}, ${one.op}`}
            </option>
          ))}
        </select>
      </div>
    </fieldset>
  )
}
