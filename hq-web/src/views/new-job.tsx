// A new job: a form made from the catalogue, with the founding example in it, what it would cost as one types, and the same
// request for whoever would rather send it from a program.
import { useMemo, useState } from 'preact/hooks'
import { ApiProblem, get, post, type Problem, type Schema } from '../api.ts'
import { useDraft, type Draft } from '../draft.ts'
import { contractOf, formOf, foundingForm, opOf, type Form, type KeptContract } from '../form/contract.ts'
import { EstimateBox } from '../form/estimate-box.tsx'
import { FieldInput } from '../form/field-input.tsx'
import { fieldsOf } from '../form/fields.ts'
import { PolicyFields } from '../form/policy-fields.tsx'
import { SameRequest } from '../form/same-request.tsx'
import { useEstimate, type Contract, type Estimate } from '../form/use-estimate.ts'
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

interface NewJobProps {
  /** The job whose request is filled in; without one the founding example is. */
  readonly from: string | null
}

export function NewJobView({ from }: NewJobProps) {
  const { title, founding, ofJob } = words.form
  useTitle(words.title(title))
  const { data, problem, reload } = useLoad(
    async (signal) => {
      const [{ ops }, kept] = await Promise.all([
        get('/api/v0/ops', { signal }),
        from === null ? null : get('/api/v0/jobs/{id}/request', { params: { id: from }, signal }),
      ])
      return { ops, request: kept === null ? null : (kept.request as unknown as KeptContract) }
    },
    [from],
  )
  return (
    <>
      <Head title={title}>{from === null ? founding : ofJob(from)}</Head>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.ops[0] !== undefined && (
        <JobForm ops={data.ops} first={data.ops[0]} begun={data.request === null ? null : { ...data.request, from }} />
      )}
    </>
  )
}

type Begun = KeptContract & { readonly from: string | null }

interface JobFormProps {
  readonly ops: readonly Op[]
  readonly first: Op
  readonly begun: Begun | null
}

/** What is in the form, the contract that it makes, and what stands against running it. */
function useForm({ ops, first, begun }: JobFormProps) {
  const say = words.form
  const session = useSession()
  const draft = useDraft<Form>(begun === null ? 'new-job' : `new-job ${begun.from}`, () => {
    const its = begun === null ? first : ops.find(({ op }) => op === opOf(begun))
    const known = fieldsOf((its ?? first).args_schema)
    return begun === null || its === undefined ? foundingForm(known) : formOf(begun, known)
  })
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
  return {
    draft,
    form,
    change,
    fields,
    faults,
    faultOf,
    contract,
    estimate: { ...estimated, problem: found, isWritten },
    off,
  }
}

interface RunSaid {
  /** The request that it is about. */
  readonly of: string
  readonly refused?: Problem
  /** The job that had the id before. */
  readonly there?: string
}

/** Registers the contract and goes to its job; where the own id has one already, nothing runs, and that is said. */
function useRun(contract: Contract, { clear }: Pick<Draft<Form>, 'clear'>) {
  const [said, setSaid] = useState<RunSaid | null>(null)
  const [busy, setBusy] = useState(false)
  const text = JSON.stringify(contract)
  const run = async (): Promise<void> => {
    setBusy(true)
    setSaid(null)
    const told = { attached: false }
    const heard = (headers: Headers): void => void (told.attached = headers.has('Forge-Attached'))
    try {
      const job = await post('/api/v0/ops/execute', contract, { headers: { Prefer: 'respond-async' }, heard })
      if (told.attached) setSaid({ of: text, there: job.job_id })
      else {
        clear()
        navigate(`/jobs/${job.job_id}`)
      }
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setSaid({ of: text, refused: error.problem })
    } finally {
      setBusy(false)
    }
  }
  // Of another request than the one in the form now it would say nothing true.
  return { run, said: said?.of === text ? said : null, busy }
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

function JobForm(props: JobFormProps) {
  const say = words.form
  const { ops } = props
  const { draft, form, change, fields, faults, faultOf, contract, estimate, off: notReady } = useForm(props)
  const { run, said, busy } = useRun(contract, draft)
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
        <div class="priced">
          <EstimateBox {...estimate} units={opUnits(form.op)} />
        </div>
        <div class="run-bar">
          <p class="acts">
            <Price of={estimate.problem === null ? estimate.estimate : null} />
            <Button main off={off} onPress={() => void run()}>
              {say.submit}
            </Button>
          </p>
          {off !== undefined && <p class="cap">{off}</p>}
          {said !== null && <Said of={said} ownId={form.ownId.trim()} />}
        </div>
        <div class="beside">
          <h2>{say.infer}</h2>
          <p class="soft">{say.inferText}</p>
          <SameRequest contract={contract} />
        </div>
      </aside>
    </div>
  )
}

/** In the bar of a phone, where the estimate is out of sight. */
const Price = ({ of }: { of: Estimate | null }) => (
  <span class="price">{of === null ? words.form.noPrice : words.job.answer.credits(of.billing.credits)}</span>
)

function Said({ of: { refused, there }, ownId }: { of: RunSaid; ownId: string }) {
  const { attached, attachedLink } = words.form
  const job = there ?? (refused?.code === 'JOB_ID_REUSED' ? refused.job_id : undefined)
  const link = job !== undefined && <Link to={`/jobs/${job}`}>{attachedLink}</Link>
  if (refused === undefined) {
    return (
      <p role="alert">
        {attached(ownId)} {link}
      </p>
    )
  }
  return (
    <>
      <ProblemNote problem={refused} />
      {link !== false && <p>{link}</p>}
    </>
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
