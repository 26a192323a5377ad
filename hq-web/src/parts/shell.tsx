// The frame of every view: the mark, where one can go, who one is, and the way out.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { ApiProblem } from '../api.ts'
import { clearDrafts } from '../draft.ts'
import { focusView } from '../focus.ts'
import { leaving } from '../leaving.ts'
import { Link, navigate, type Place } from '../router.tsx'
import { signOut, useSession } from '../session.ts'
import { words } from '../words.ts'
import { limitWords } from '../words/limits.ts'
import { memoryWords } from '../words/memory.ts'
import { poolWords } from '../words/pools.ts'
import { webhookWords } from '../words/webhooks.ts'
import { Button } from './button.tsx'
import { Glyph } from './glyph.tsx'
import { useWidth } from './look.ts'

/** Only what there is. */
const PLACES = {
  project: [
    ['/jobs', words.nav.jobs],
    ['/jobs/new', words.nav.newJob],
    ['/billing', words.nav.billing],
    ['/agents', words.nav.agents],
    ['/limits', limitWords.nav],
    ['/pools', poolWords.nav],
    ['/webhooks', webhookWords.nav],
    ['/memory', memoryWords.nav],
    ['/keys', words.nav.keys],
    ['/audit', words.nav.audit],
  ],
  admin: [
    ['/projects', words.nav.projects],
    ['/agents', words.nav.agents],
    ['/audit', words.nav.audit],
  ],
} as const

interface ShellProps {
  readonly place: Place
  readonly left: () => void
  /** Somebody has just signed in here. */
  readonly isFresh: boolean
  readonly children: ComponentChildren
}

export function Shell({ place, left, isFresh, children }: ShellProps) {
  const { kind, project } = useSession()
  const leave = async (): Promise<void> => {
    try {
      await signOut()
    } catch (error) {
      // Unreachable: the cookie is left, and the next view says so.
      if (!(error instanceof ApiProblem)) throw error
    }
    clearDrafts()
    navigate('/', { replace: true })
    left()
  }
  const bar = useRef<HTMLElement>(null)
  const width = useWidth(bar)
  useEffect(() => {
    const link = bar.current?.querySelector<HTMLElement>('[aria-current]')
    // On a phone the row scrolls sideways; where one is must be in sight.
    if (bar.current && link) {
      bar.current.scrollLeft =
        link.offsetLeft - bar.current.offsetLeft - (bar.current.clientWidth - link.offsetWidth) / 2
    }
  }, [place.path, width])
  const path = useRef(isFresh ? null : place.path)
  useLayoutEffect(() => {
    if (path.current === place.path) return
    path.current = place.path
    return focusView()
  }, [place.path])
  // What is nobody's own, a job among them, is under the first.
  const places = PLACES[kind]
  const here =
    places.find(([to]) => to === place.path) ?? places.find(([to]) => place.path.startsWith(`${to}/`)) ?? places[0]
  return (
    <>
      <a class="skip" href="#content">
        {words.skip}
      </a>
      <header class="bar">
        <div class="wrap">
          <Link to="/" class="mark">
            <Glyph name="logo" />
            {words.product}
          </Link>
          <nav aria-label={words.nav.label} ref={bar}>
            {places.map(([to, name]) => (
              <Link key={to} to={to} aria-current={to === here[0] ? 'page' : undefined}>
                {name}
              </Link>
            ))}
          </nav>
          <span class="who">
            {project === null ? words.operator : words.project(project.name)}
            <Button small onPress={() => leaving(() => void leave())}>
              {words.signOut}
            </Button>
          </span>
        </div>
      </header>
      <main class="wrap" id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}
