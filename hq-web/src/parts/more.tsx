// From page to page of a list, by the cursor in the address.
import { Link, TOP } from '../router.tsx'

interface MoreProps {
  /** The view, and its query without the cursor. */
  readonly to: string
  readonly query?: Readonly<Record<string, string>>
  readonly cursor: string | undefined
  readonly next: string | null | undefined
  readonly first: string
  readonly later: string
  /** The id of the list's heading, which is gone to; without one the top of the view. */
  readonly head?: string
  /** Said beside them, with one page too. */
  readonly note?: string
}

export function More({ to, query = {}, cursor, next, first, later, head, note }: MoreProps) {
  if (cursor === undefined && typeof next !== 'string' && note === undefined) return null
  const address = (more: Readonly<Record<string, string>>): string => {
    const search = new URLSearchParams({ ...query, ...more })
    return search.size === 0 ? to : `${to}?${search}`
  }
  return (
    <p class="more">
      {cursor !== undefined && (
        <Link class="btn" to={address({})} head={head ?? TOP}>
          {first}
        </Link>
      )}
      {typeof next === 'string' && (
        <Link class="btn" to={address({ cursor: next })} head={head ?? TOP}>
          {later}
        </Link>
      )}
      {note !== undefined && <span class="cap">{note}</span>}
    </p>
  )
}
