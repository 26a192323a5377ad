// One project as the operator sees it: its limits with what is used of them, and the form that changes them.
import { get } from '../api.ts'
import { ProjectKeys } from '../keys/project-keys.tsx'
import { LimitForm } from '../limits/limit-form.tsx'
import { LimitTables } from '../limits/limit-table.tsx'
import { useLoad } from '../load.ts'
import { Copy } from '../parts/copy.tsx'
import { Head } from '../parts/head.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, useTitle } from '../router.tsx'
import { words } from '../words.ts'
import { limitWords as say } from '../words/limits.ts'

export function ProjectView({ id }: { id: string }) {
  const { data, problem, reload } = useLoad(
    async (signal) => {
      const sent = { params: { id }, signal }
      const [{ project }, limits] = await Promise.all([
        get('/api/v0/projects/{id}', sent),
        get('/api/v0/projects/{id}/limits', sent),
      ])
      return { project, limits }
    },
    [id],
  )
  useTitle(words.title(data?.project.name ?? say.project))
  return (
    <>
      <p class="crumb">
        <Link to="/projects">{say.crumb}</Link> / <span class="mono">{id}</span>{' '}
        <Copy text={id} what={words.projects.heads.id.toLowerCase()} />
      </p>
      <Head title={data?.project.name ?? say.project}>{say.projectLead}</Head>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          <ProjectKeys projectId={id} />
          <LimitTables answer={data.limits} />
          <LimitForm projectId={id} limits={data.limits.limits} changed={reload} />
        </>
      )}
    </>
  )
}
