// The list of a project that has no job yet: what a first one is, what will happen, and how to ask for it without HQ.
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { asCurl } from '../request-text.ts'
import { Link } from '../router.tsx'
import { words } from '../words.ts'

export function FirstJob() {
  const { title, lead, run, curl, flow, steps } = words.jobs.empty
  return (
    <section class="empty">
      <div>
        <h2>{title}</h2>
        <p>{lead}</p>
        <p class="acts">
          <Link to="/jobs/new" class="btn main">
            {run}
          </Link>
        </p>
        <ol class="flow" aria-label={flow}>
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </div>
      <pre tabIndex={0} role="region" aria-label={curl}>
        <code>{asCurl(FOUNDING_REQUEST, location.origin)}</code>
      </pre>
    </section>
  )
}
