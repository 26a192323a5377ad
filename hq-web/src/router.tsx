// Every view has an address: the path and query of the browser as a value, links that change it without a new page, and the
// title of the window. Which view an address is, main.tsx says.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { focusHead, focusView } from './focus.ts'
import { isHeld, leaving } from './leaving.ts'

const BASE = '/hq'

export interface Place {
  /** Behind `/hq`: `/jobs`. */
  readonly path: string
  readonly query: URLSearchParams
}

const MOVED = 'hq-moved'

const pathOf = (pathname: string): string => pathname.slice(BASE.length).replace(/\/$/, '') || '/'

const here = (): Place => ({
  path: pathOf(location.pathname),
  query: new URLSearchParams(location.search),
})

export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    let shown = location.href
    const moved = (): void => {
      shown = location.href
      setPlace(here())
    }
    const wentBack = (): void => {
      if (!isHeld() || pathOf(new URL(shown).pathname) === here().path) return moved()
      // The browser has gone already: it is brought here again until one has answered.
      history.pushState(null, '', shown)
      leaving(() => history.back())
    }
    addEventListener('popstate', wentBack)
    addEventListener(MOVED, moved)
    return () => {
      removeEventListener('popstate', wentBack)
      removeEventListener(MOVED, moved)
    }
  }, [])
  return place
}

/** The heading of the whole view. */
export const TOP = ''

interface Moving {
  /** A replaced address is not gone back to. */
  readonly replace?: boolean
  /** The heading of this view that is gone to, by its id, or `TOP`; without one the focus stays. */
  readonly head?: string | undefined
}

/** `to` begins behind `/hq`. */
export function navigate(to: string, { replace = false, head }: Moving = {}): void {
  const move = (): void => {
    history[replace ? 'replaceState' : 'pushState'](null, '', BASE + to)
    if (!replace && (head === undefined || head === TOP)) scrollTo(0, 0)
    dispatchEvent(new Event(MOVED))
    if (head === TOP) focusView()
    else if (head !== undefined) {
      const heading = document.getElementById(head)
      heading?.scrollIntoView()
      focusHead(heading)
    }
  }
  if (pathOf(new URL(BASE + to, location.href).pathname) === here().path) move()
  else leaving(move)
}

interface LinkProps {
  readonly to: string
  readonly children: ComponentChildren
  readonly class?: string
  readonly head?: string | undefined
  readonly 'aria-current'?: 'page' | 'true' | undefined
}

export function Link({ to, children, head, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(to, { head })
  }
  return (
    <a {...rest} href={BASE + to} onClick={follow}>
      {children}
    </a>
  )
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title
  }, [title])
}
