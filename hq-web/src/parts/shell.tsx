// The frame of every view: the mark, where one can go, who one is, and the way out.
import type { ComponentChildren } from 'preact'
import { ApiProblem } from '../api.ts'
import { Link, navigate, type Place } from '../router.tsx'
import { signOut, useSession } from '../session.ts'
import { words } from '../words.ts'
import { Button } from './button.tsx'
import { Glyph } from './glyph.tsx'

/** Only what there is. */
const PLACES = {
  project: [
    ['/jobs', words.nav.jobs],
    ['/jobs/new', words.nav.newJob],
  ],
  admin: [['/projects', words.nav.projects]],
} as const

interface ShellProps {
  readonly place: Place
  readonly left: () => void
  readonly children: ComponentChildren
}

export function Shell({ place, left, children }: ShellProps) {
  const { kind, project } = useSession()
  const leave = async (): Promise<void> => {
    try {
      await signOut()
    } catch (error) {
      // Unreachable: the cookie is left, and the next view says so.
      if (!(error instanceof ApiProblem)) throw error
    }
    navigate('/', { replace: true })
    left()
  }
  const isHere = (to: string): boolean =>
    to === '/jobs'
      ? place.path !== '/jobs/new' && !place.path.startsWith('/projects')
      : place.path === to || kind === 'admin'
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
          <nav aria-label={words.nav.label}>
            {PLACES[kind].map(([to, name]) => (
              <Link key={to} to={to} aria-current={isHere(to) ? 'page' : undefined}>
                {name}
              </Link>
            ))}
          </nav>
          <span class="who">
            {project === null ? words.operator : words.project(project.name)}
            <Button small onPress={() => void leave()}>
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
