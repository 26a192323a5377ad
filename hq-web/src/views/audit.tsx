// The audit log: who did what, each act a link of a chain, and the log of receipts; both are checked here, in the browser,
// from what the server sends.
import { ActTable } from '../audit/act-table.tsx'
import { ChainBox } from '../audit/chain-box.tsx'
import { get, type Schema } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { navigate, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

type ActsPage = Schema<'ListActsAnswer'>
/** One page of a chain; the browser asks for long ones when it checks. */
export type ReadActs = (
  query: { cursor?: string | undefined; limit: number },
  signal?: AbortSignal,
) => Promise<ActsPage>

/** Schemas and signatures, which no other view needs. */
const checks = () => import('../audit/check.ts')

const PAGE = 30
const HEAD = 'acts'

export function AuditView({ query }: { query: URLSearchParams }) {
  const { title, lead, noScope, noJobs, receipts } = words.audit
  useTitle(words.title(title))
  const session = useSession()
  const [canAudit, canReceipts] = [may(session, 'audit:read'), may(session, 'jobs:read')]
  return (
    <>
      <Head title={title}>{canAudit ? lead : noScope('audit:read')}</Head>
      {canReceipts ? (
        <Receipts project={session.project?.id ?? ''} />
      ) : (
        <section class="bill" aria-label={receipts}>
          <h2>{receipts}</h2>
          <p>{noJobs('jobs:read')}</p>
        </section>
      )}
      {canAudit && (
        <Acts
          read={(asked, signal) => get('/api/v0/audit', { query: asked, signal })}
          chain={session.project?.id ?? ''}
          cursor={query.get('cursor') ?? undefined}
        />
      )}
    </>
  )
}

export function OperatorAuditView({ query }: { query: URLSearchParams }) {
  const { title, operatorLead, ofProject, operators } = words.audit
  useTitle(words.title(title))
  const project = query.get('project') ?? ''
  const { data } = useLoad((signal) => get('/api/v0/projects', { query: { limit: 100 }, signal }), [])
  const read: ReadActs = (asked, signal) =>
    project === ''
      ? get('/api/v0/operator/audit', { query: asked, signal })
      : get('/api/v0/projects/{id}/audit', { params: { id: project }, query: asked, signal })
  return (
    <>
      <Head title={title}>{operatorLead}</Head>
      <p class="whose">
        <label for="whose">{ofProject}</label>
        <select
          id="whose"
          value={project}
          onChange={({ currentTarget: { value } }) =>
            navigate(value === '' ? '/audit' : `/audit?project=${encodeURIComponent(value)}`)
          }
        >
          <option value="">{operators}</option>
          {data?.projects.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </p>
      <Acts
        key={project}
        read={read}
        chain={project === '' ? 'operator' : project}
        cursor={query.get('cursor') ?? undefined}
        of={project === '' ? {} : { project }}
      />
    </>
  )
}

interface ActsProps {
  readonly read: ReadActs
  /** Whose: a project's id, or `operator`. Another one is asked for anew. */
  readonly chain: string
  readonly cursor: string | undefined
  /** What the address says of whose they are. */
  readonly of?: Readonly<Record<string, string>>
}

function Acts({ read, chain, cursor, of = {} }: ActsProps) {
  const say = words.audit
  const now = useNow()
  const { data, problem, reload } = useLoad((signal) => read({ cursor, limit: PAGE }, signal), [chain, cursor])
  return (
    <section class="bill" aria-label={say.chain}>
      <h2 id={HEAD}>{say.chain}</h2>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          <ChainBox
            length={say.acts(data.length)}
            head={data.head}
            check={async (kept, step) => (await checks()).checkActs(read, { ...data, chain }, kept, step)}
            proved={say.provedActs}
          />
          {data.acts.length === 0 ? <p class="after">{say.none}</p> : <ActTable acts={data.acts} now={now} />}
          <More
            to="/audit"
            query={of}
            cursor={cursor}
            next={data.next_cursor}
            first={say.newest}
            later={say.older}
            head={HEAD}
          />
        </>
      )}
    </section>
  )
}

function Receipts({ project }: { project: string }) {
  const { receipts, receiptsLead, links, provedLinks } = words.audit
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/receipts', { query: { limit: 1 }, signal }), [])
  return (
    <section class="bill" aria-label={receipts}>
      <h2>{receipts}</h2>
      <p class="soft">{receiptsLead}</p>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <ChainBox
          length={links(data.length)}
          head={data.head}
          check={async (kept, step) => (await checks()).checkReceipts({ ...data, chain: project }, kept, step)}
          proved={provedLinks}
        />
      )}
    </section>
  )
}
