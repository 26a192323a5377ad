// Agents: for a project its own, whole, and who else worked on its jobs; for the operator the whole fleet, with what may be
// ordered about each. Both are asked for again every few seconds, quietly.
import { useEffect } from 'preact/hooks'
import { AgentTable } from '../agents/agent-table.tsx'
import { BringAgents } from '../agents/bring-agents.tsx'
import { OtherTable } from '../agents/other-table.tsx'
import { get } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'

const PAGE = 50
const QUIET_MS = 2_000

type Show = keyof typeof words.agents.shows

const showOf = (query: URLSearchParams): Show => {
  const asked = query.get('show')
  return asked === 'connected' || asked === 'quarantined' ? asked : 'all'
}
const filterOf = (show: Show) => ({ [show]: show === 'all' ? undefined : 'true' })

/** While somebody looks at it. */
function useQuietly(reload: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) reload()
    }, QUIET_MS)
    return () => clearInterval(timer)
  }, [reload])
}

export function AgentsView({ query }: { query: URLSearchParams }) {
  const { title, lead, noScope } = words.agents
  useTitle(words.title(title))
  const canRead = may(useSession(), 'agents:read')
  return (
    <>
      <Head title={title}>{canRead ? lead : noScope('agents:read')}</Head>
      {canRead && <Own query={query} />}
    </>
  )
}

function Own({ query }: { query: URLSearchParams }) {
  const say = words.agents
  const now = useNow()
  const show = showOf(query)
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/agents', { query: { ...filterOf(show), cursor, limit: PAGE }, signal }),
    [show, cursor],
  )
  useQuietly(reload)
  const own = data?.agents.flatMap(({ details, ...rest }) => (details === null ? [] : [{ ...rest, details }])) ?? []
  const others =
    data?.agents.flatMap(({ agent, own: isOwn, work }) => (isOwn || work === null ? [] : [{ agent, work }])) ?? []
  return (
    <>
      <Shows show={show} said={data === null ? '' : say.online(data.agents_online)} />
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && own.length === 0 && show === 'all' && cursor === undefined && <BringAgents />}
      {data !== null && own.length === 0 && show !== 'all' && <p class="after">{say.none[show]}</p>}
      {own.length > 0 && <AgentTable caption={say.ownCaption} agents={own} now={now} />}
      {data !== null && show === 'all' && (
        <section class="bill" aria-label={say.others}>
          <h2>
            {say.others} <span>{say.othersNote}</span>
          </h2>
          {others.length === 0 ? <p>{say.noOthers}</p> : <OtherTable agents={others} now={now} />}
        </section>
      )}
      <Pages show={show} cursor={cursor} next={data?.next_cursor} />
    </>
  )
}

export function FleetView({ query }: { query: URLSearchParams }) {
  const say = words.agents
  useTitle(words.title(say.title))
  const now = useNow()
  const show = showOf(query)
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/operator/agents', { query: { ...filterOf(show), cursor, limit: PAGE }, signal }),
    [show, cursor],
  )
  useQuietly(reload)
  const none = { all: say.none.fleetAll, connected: say.none.fleetConnected, quarantined: say.none.fleetQuarantined }
  return (
    <>
      <Head title={say.title}>{say.fleetLead}</Head>
      <Shows
        show={show}
        said={
          data === null
            ? ''
            : `${say.fleetOnline(data.agents_online, data.quarantined)}. ${say.referee(data.referee_online)}`
        }
      />
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.agents.length === 0 && <p class="after">{none[show]}</p>}
      {data !== null && data.agents.length > 0 && (
        <AgentTable caption={say.fleetCaption} agents={data.agents} now={now} ordered={reload} />
      )}
      <Pages show={show} cursor={cursor} next={data?.next_cursor} />
    </>
  )
}

const queryOf = (show: Show): Readonly<Record<string, string>> => (show === 'all' ? {} : { show })

const addressOfShow = (show: Show): string =>
  show === 'all' ? '/agents' : `/agents?${new URLSearchParams(queryOf(show))}`

function Shows({ show, said }: { show: Show; said: string }) {
  const { shows } = words.agents
  return (
    <div class="filt">
      <nav class="tabs" aria-label={words.agents.show}>
        {Object.entries(shows).map(([name, text]) => (
          <Link key={name} to={addressOfShow(name as Show)} aria-current={show === name ? 'true' : undefined}>
            {text}
          </Link>
        ))}
      </nav>
      <p class="cap">{said}</p>
    </div>
  )
}

interface PagesProps {
  readonly show: Show
  readonly cursor: string | undefined
  readonly next: string | null | undefined
}

const Pages = ({ show, cursor, next }: PagesProps) => (
  <More
    to="/agents"
    query={queryOf(show)}
    cursor={cursor}
    next={next}
    first={words.agents.first}
    later={words.agents.older}
  />
)
