// What the operator sees: the projects there are, and making one. Their jobs are theirs.
import { useState } from 'preact/hooks'
import { get, post } from '../api.ts'
import { count } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { Heads } from '../parts/heads.tsx'
import { MakeForm } from '../parts/make-form.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { Link, navigate, useTitle } from '../router.tsx'
import { words } from '../words.ts'

export function ProjectsView({ query }: { query: URLSearchParams }) {
  const { title, lead, caption, heads, noLimit, more, newest } = words.projects
  useTitle(words.title(title))
  const now = useNow()
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/projects', { query: { cursor, limit: 50 }, signal }),
    [cursor],
  )
  return (
    <>
      <Head title={title}>{lead}</Head>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <table class="stack">
          <caption class="sr">{caption}</caption>
          <Heads of={heads} right={['limits', 'created']} />
          <tbody>
            {data.projects.map((project) => (
              <tr key={project.id}>
                <th scope="row">
                  <Link to={`/projects/${project.id}`}>{project.name}</Link>
                </th>
                <td data-head={heads.id} class="all">
                  <span class="mono">{project.id}</span>
                </td>
                <td data-head={heads.limits} class="r">
                  {project.limits.credits_per_day === null ? noLimit : count(project.limits.credits_per_day)}
                </td>
                <td data-head={heads.created} class="r">
                  <Age at={project.created_at} now={now} say={words.jobs.ago} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More to="/projects" cursor={cursor} next={data?.next_cursor} first={newest} later={more} />
      <NewProject />
    </>
  )
}

/** Its page is the next one, where its first key is made. */
function NewProject() {
  const { make, name: label, nameHelp, busy: asking } = words.projects
  const [name, setName] = useState('')
  const { busy, problem, attempt, faultOf } = useAct()
  const submit = (): void => {
    void attempt(async () => {
      const { project } = await post('/api/v0/projects', { name: name.trim() })
      navigate(`/projects/${project.id}`)
    })
  }
  return (
    <MakeForm title={make} off={busy ? asking : undefined} problem={problem} submit={submit}>
      <div class="fields">
        <TextField label={label} value={name} help={nameHelp} fault={faultOf('name')} change={setName} />
      </div>
    </MakeForm>
  )
}
