// An address of HQ that shows nothing.
import { Link, useTitle } from '../router.tsx'
import { words } from '../words.ts'

export function NotFoundView() {
  const { title, lead, back } = words.notFound
  useTitle(words.title(title))
  return (
    <section class="title alone">
      <div>
        <h1>{title}</h1>
        <p class="say">{lead}</p>
        <p class="after">
          <Link to="/" class="btn">
            {back}
          </Link>
        </p>
      </div>
    </section>
  )
}
