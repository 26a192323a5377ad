// A new job: a form made from the catalogue, with the founding example in it, what it would cost as one types, and the same
// request for whoever would rather send it from a program.
import { useMemo, useState } from 'preact/hooks'
import { ApiProblem, get, post, type Problem, type Schema } from '../api.ts'
import { contractOf, foundingForm, type Form } from '../form/contract.ts'
import { EstimateBox } from '../form/estimate-box.tsx'
import { FieldInput } from '../form/field-input.tsx'
import { fieldsOf } from '../form/fields.ts'
import { PolicyFields } from '../form/policy-fields.tsx'
import { SameRequest } from '../form/same-request.tsx'
import { useEstimate } from '../form/use-estimate.ts'
import { useLoad } from '../load.ts'
import { Button } from '../parts/button.tsx'
import { opTitle, opUnits } from '../parts/job-table.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { navigate, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

type Op = Schema<'ListOpsAnswer'>['ops'][number]

export function NewJobView() {
  useTitle(words.title(words.form.title))
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/ops', { signal }), [])
  return (
    <>
      <div class="title">
        <div>
          <h1>{words.form.title}</h1>
          <p class="soft after">{words.form.founding}</p>
        </div>
      </div>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.ops[0] !== undefined && <JobForm ops={data.ops} first={data.ops[0]} />}
    </>
  )
}

function JobForm({ ops, first }: { ops: readonly Op[]; first: Op }) {
  const say = words.form
  const session = useSession()
  const [form, setForm] = useState<Form>(() => foundingForm(fieldsOf(first.args_schema)))
  const [refused, setRefused] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const op = ops.find((one) => one.op === form.op) ?? first
  const fields = useMemo(() => fieldsOf(op.args_schema), [op])
  const { contract, faults } = contractOf(form, fields)
  const isWritten = Object.keys(faults).length === 0
  const { estimate, problem, isOld } = useEstimate(isWritten ? contract : null)
  const found = isOld ? null : problem
  const faultOf = (path: string): string | undefined => found?.errors?.find((one) => one.path === path)?.message
  const change = (changed: Partial<Form>): void => setForm((before) => ({ ...before, ...changed }))
  const off = !may(session, 'jobs:write')
    ? say.noScope
    : busy
      ? say.submitBusy
      : isWritten && problem === null
        ? undefined
        : say.cannot

  const send = async (): Promise<void> => {
    setBusy(true)
    setRefused(null)
    try {
      const job = await post('/api/v0/ops/execute', contract, { headers: { Prefer: 'respond-async' } })
      navigate(`/jobs/${job.job_id}`)
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setRefused(error.problem)
      setBusy(false)
    }
  }

  return (
    <div class="new-job">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (off === undefined) void send()
        }}
      >
        <fieldset>
          <legend>{say.op}</legend>
          <div class="field">
            <label for="op-name">{say.op}</label>
            <select id="op-name" value={form.op} onChange={(event) => change({ op: event.currentTarget.value, args: {} })}>
              {ops.map((one) => (
                <option key={one.op} value={one.op}>
                  {`${opTitle(one.op)}, ${one.op}`}
                </option>
              ))}
            </select>
          </div>
        </fieldset>
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
        <PolicyFields form={form} change={change} faultOf={faultOf} />
      </form>
      <aside aria-label={say.estimate}>
        <EstimateBox estimate={estimate} problem={found} isOld={isOld} units={opUnits(form.op)} />
        <p class="acts">
          <Button main off={off} onPress={() => void send()}>
            {say.submit}
          </Button>
        </p>
        {off !== undefined && <p class="cap">{off}</p>}
        {refused !== null && <ProblemNote problem={refused} />}
        <h2>{say.infer}</h2>
        <p class="soft">{say.inferText}</p>
        <SameRequest contract={contract} />
      </aside>
    </div>
  )
}
