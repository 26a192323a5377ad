// HQ: who is there, which view the address is, and the frame around it. A view is a file in views/ and a line here.
import '@forge/agent-web/src/tokens.css'
import './base.css'
import './jobs.css'
import './job.css'
import './form.css'
import './account.css'
import './fleet.css'
import './verify.css'
import { render, type ComponentChild } from 'preact'
import { useCallback, useEffect, useState } from 'preact/hooks'
import { useAgain } from './again.ts'
import { ApiProblem, whenSignedOut, type Problem } from './api.ts'
import { keepOnlyDraftsOf } from './draft.ts'
import { Shell } from './parts/shell.tsx'
import { Asking } from './parts/asking.tsx'
import { ProblemNote } from './parts/problem.tsx'
import { usePlace, type Place } from './router.tsx'
import { SessionContext, whoIsThere, type Session } from './session.ts'
import { AgentsView, FleetView } from './views/agents.tsx'
import { AuditView, OperatorAuditView } from './views/audit.tsx'
import { BillingView } from './views/billing.tsx'
import { JobView } from './views/job.tsx'
import { JobsView } from './views/jobs.tsx'
import { KeysView } from './views/keys.tsx'
import { LimitsView } from './views/limits.tsx'
import { MemoryView } from './views/memory.tsx'
import { NewJobView } from './views/new-job.tsx'
import { NotFoundView } from './views/not-found.tsx'
import { PoolsView } from './views/pools.tsx'
import { ProjectView } from './views/project.tsx'
import { ProjectsView } from './views/projects.tsx'
import { SignInView } from './views/sign-in.tsx'
import { WebhookView } from './views/webhook.tsx'
import { WebhooksView } from './views/webhooks.tsx'

function viewOf({ path, query }: Place, { kind }: Session): ComponentChild {
  if (path === '/agents') return kind === 'admin' ? <FleetView query={query} /> : <AgentsView query={query} />
  if (path === '/audit') return kind === 'admin' ? <OperatorAuditView query={query} /> : <AuditView query={query} />
  if (kind === 'admin') return operatorsView({ path, query })
  if (path === '/' || path === '/jobs') return <JobsView query={query} />
  if (path === '/jobs/new') return <NewJobView key={query.get('from')} from={query.get('from')} />
  if (path === '/billing') return <BillingView query={query} />
  if (path === '/limits') return <LimitsView />
  if (path === '/pools') return <PoolsView query={query} />
  if (path === '/webhooks') return <WebhooksView query={query} />
  if (path === '/memory') return <MemoryView query={query} />
  if (path === '/keys') return <KeysView query={query} />
  const webhook = /^\/webhooks\/([0-9A-Z]{26})$/.exec(path)?.[1]
  if (webhook !== undefined) return <WebhookView key={webhook} id={webhook} query={query} />
  const id = /^\/jobs\/([0-9A-Z]{26})$/.exec(path)?.[1]
  return id === undefined ? <NotFoundView /> : <JobView key={id} id={id} />
}

function operatorsView({ path, query }: Place): ComponentChild {
  if (path === '/' || path === '/projects') return <ProjectsView query={query} />
  const id = /^\/projects\/([0-9A-Z]{26})$/.exec(path)?.[1]
  return id === undefined ? <NotFoundView /> : <ProjectView key={id} id={id} />
}

type Who =
  | { readonly session: Session; readonly isFresh: boolean }
  | { readonly problem: Problem }
  | 'nobody'
  | 'ended'
  | 'asking'

function Hq() {
  const place = usePlace()
  const [who, setWho] = useState<Who>('asking')
  const [round, setRound] = useState(0)
  const isThere = (session: Session, isFresh: boolean): void => {
    keepOnlyDraftsOf(session.project?.id)
    setWho({ session, isFresh })
  }
  useEffect(() => {
    whenSignedOut(() => setWho('ended'))
  }, [])
  useEffect(() => {
    const over = new AbortController()
    whoIsThere(over.signal).then(
      (session) => isThere(session, false),
      (error: unknown) => {
        if (over.signal.aborted) return
        if (!(error instanceof ApiProblem)) throw error
        setWho(error.problem.status === 401 ? 'nobody' : { problem: error.problem })
      },
    )
    return () => over.abort()
  }, [round])
  const again = useCallback(() => setRound((n) => n + 1), [])
  useAgain(typeof who === 'object' && 'problem' in who ? who.problem : null, again)
  if (who === 'asking') return null
  if (who === 'nobody' || who === 'ended') {
    return <SignInView hasEnded={who === 'ended'} signedIn={(session) => isThere(session, true)} />
  }
  if ('problem' in who) {
    return (
      <main class="wrap alone">
        <ProblemNote problem={who.problem} again={again} />
      </main>
    )
  }
  return (
    <SessionContext.Provider value={who.session}>
      <Shell place={place} isFresh={who.isFresh} left={() => setWho('nobody')}>
        {viewOf(place, who.session)}
      </Shell>
    </SessionContext.Provider>
  )
}

const root = document.getElementById('hq')
if (root !== null) {
  render(
    <>
      <Asking />
      <Hq />
    </>,
    root,
  )
}
