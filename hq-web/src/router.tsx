// Every view has an address: the path and query of the browser as a value, links that change it without a new page, and the
// title of the window. Which view an address is, main.tsx says.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const BASE = '/hq'

export interface Place {
  /** Behind `/hq`: `/jobs`. */
  readonly path: string
  readonly query: URLSearchParams
}

const MOVED = 'hq-moved'

const here = (): Place => ({
  path: location.pathname.slice(BASE.length).replace(/\/$/, '') || '/',
  query: new URLSearchParams(location.search),
})

export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const moved = (): void => setPlace(here())
    addEventListener('popstate', moved)
    addEventListener(MOVED, moved)
    return () => {
      removeEventListener('popstate', moved)
      removeEventListener(MOVED, moved)
    }
  }, [])
  return place
}

/** `to` begins behind `/hq`. A replaced address is not gone back to. */
export function navigate(to: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', BASE + to)
  if (!replace) scrollTo(0, 0)
  dispatchEvent(new Event(MOVED))
}

interface LinkProps {
  readonly to: string
  readonly children: ComponentChildren
  readonly class?: string
  readonly 'aria-current'?: 'page' | 'true' | undefined
}

export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(to)
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
