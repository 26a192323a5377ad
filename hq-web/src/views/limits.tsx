// What the project may and what it uses of it.
import { get } from '../api.ts'
import { LimitTables } from '../limits/limit-table.tsx'
import { useLoad } from '../load.ts'
import { Head } from '../parts/head.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'
import { limitWords as say } from '../words/limits.ts'

export function LimitsView() {
  useTitle(words.title(say.title))
  const canRead = may(useSession(), 'jobs:read')
  return (
    <>
      <Head title={say.title}>{canRead ? say.lead : say.noScope('jobs:read')}</Head>
      {canRead && <Own />}
    </>
  )
}

function Own() {
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/limits', { signal }), [])
  return (
    <>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && <LimitTables answer={data} />}
    </>
  )
}
