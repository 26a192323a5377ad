// What the operator sees: the projects there are. Their jobs are theirs.
import { get } from '../api.ts'
import { count } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Link, useTitle } from '../router.tsx'
import { words } from '../words.ts'

export function ProjectsView({ query }: { query: URLSearchParams }) {
  const { title, lead, caption, name, id, created, limits, noLimit, more } = words.projects
  useTitle(words.title(title))
  const now = useNow()
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/projects', { query: { cursor, limit: 50 }, signal }),
    [cursor],
  )
  return (
    <>
      <div class="title">
        <div>
          <h1>{title}</h1>
          <p class="soft after">{lead}</p>
        </div>
      </div>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table>
            <caption class="sr">{caption}</caption>
            <thead>
              <tr>
                <th scope="col">{name}</th>
                <th scope="col">{id}</th>
                <th scope="col" class="r">
                  {limits}
                </th>
                <th scope="col" class="r">
                  {created}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.projects.map((project) => (
                <tr key={project.id}>
                  <th scope="row">
                    <Link to={`/projects/${project.id}`}>{project.name}</Link>
                  </th>
                  <td class="mono">{project.id}</td>
                  <td class="r">
                    {project.limits.credits_per_day === null ? noLimit : count(project.limits.credits_per_day)}
                  </td>
                  <td class="r">
                    <Age at={project.created_at} now={now} say={words.jobs.ago} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {typeof data?.next_cursor === 'string' && (
        <p class="more">
          <Link class="btn" to={`/projects?cursor=${encodeURIComponent(data.next_cursor)}`}>
            {more}
          </Link>
        </p>
      )}
    </>
  )
}
