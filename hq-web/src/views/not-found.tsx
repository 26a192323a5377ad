// An address of HQ that shows nothing.
import { Link, useTitle } from '../router.tsx'
import { useSession } from '../session.ts'
import { words } from '../words.ts'

export function NotFoundView() {
  const { title, lead, leadOperator, back, backOperator } = words.notFound
  const { kind } = useSession()
  useTitle(words.title(title))
  return (
    <section class="title alone">
      <div>
        <h1>{title}</h1>
        <p class="say">{kind === 'admin' ? leadOperator : lead}</p>
        <p class="after">
          <Link to="/" class="btn">
            {kind === 'admin' ? backOperator : back}
          </Link>
        </p>
      </div>
    </section>
  )
}
