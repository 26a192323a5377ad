// The keys of a project as the operator sees them: making its first one, which is shown once and handed over.
import { useState } from 'preact/hooks'
import { get, post } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { words } from '../words.ts'
import { KeyTable } from './key-table.tsx'
import { ALL_SCOPES, NewKey, type Made } from './new-key.tsx'
import { Secret } from './secret.tsx'

/** The newest; a project that has more is at home in Keys. */
const PAGE = 20

export function ProjectKeys({ projectId }: { projectId: string }) {
  const say = words.projects.keys
  const now = useNow()
  const [made, setMade] = useState<Made | null>(null)
  const params = { id: projectId }
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/projects/{id}/keys', { params, query: { limit: PAGE }, signal }),
    [projectId, made?.key.id],
  )
  const revoke = async (key: string): Promise<void> => {
    await post('/api/v0/projects/{id}/keys/{key}/revoke', undefined, { params: { ...params, key } })
    reload()
  }
  const form = (
    <NewKey
      off={undefined}
      usual={ALL_SCOPES}
      canGive={() => true}
      send={(asked) => post('/api/v0/projects/{id}/keys', asked, { params })}
      made={setMade}
    />
  )
  return (
    <section class="bill">
      <h2>{say.title}</h2>
      {made !== null && <Secret made={made} stored={() => setMade(null)} />}
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data?.keys.length === 0 && (
        <>
          <p>{say.none}</p>
          {form}
        </>
      )}
      {data !== null && data.keys.length > 0 && (
        <>
          <KeyTable keys={data.keys} now={now} revoke={revoke} />
          <details class="after">
            <summary>{say.another}</summary>
            {form}
          </details>
        </>
      )}
    </section>
  )
}
