// Signing in: one field, what becomes of it, and what to do when the browser keeps no cookie.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem, type Problem } from '../api.ts'
import { ProblemNote } from '../parts/problem.tsx'
import { Glyph } from '../parts/glyph.tsx'
import { useTitle } from '../router.tsx'
import { signIn, whoIsThere, type Session } from '../session.ts'
import { words } from '../words.ts'

interface SignInProps {
  readonly hasEnded: boolean
  readonly signedIn: (session: Session) => void
}

export function SignInView({ hasEnded, signedIn }: SignInProps) {
  const { title, lead, key, keyHelp, submit, where, ended, noCookie } = words.signIn
  useTitle(words.title(title))
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [keptNone, setKeptNone] = useState(false)
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])

  const send = async (): Promise<void> => {
    setBusy(true)
    setProblem(null)
    setKeptNone(false)
    let began = false
    try {
      await signIn(typed)
      began = true
      // Only the browser's next call says whether it kept the cookie.
      signedIn(await whoIsThere(new AbortController().signal))
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      if (began && error.problem.status === 401) setKeptNone(true)
      else setProblem(error.problem)
    } finally {
      setBusy(false)
    }
  }

  return (
    <main class="wrap alone">
      <p class="mark">
        <Glyph name="logo" />
        {words.product}
      </p>
      <h1>{title}</h1>
      <p class="say">{lead}</p>
      {hasEnded && <p role="status">{ended}</p>}
      <form
        class="sign-in"
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && typed.trim() !== '') void send()
        }}
      >
        <label for="key">{key}</label>
        <input
          id="key"
          ref={field}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          aria-describedby="key-help"
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <p class="cap" id="key-help">
          {keyHelp}
        </p>
        <button type="submit" class="btn main">
          {submit}
        </button>
      </form>
      {problem !== null && <ProblemNote problem={problem} />}
      {keptNone && (
        <p class="problem" role="alert">
          {noCookie}
        </p>
      )}
      <p class="cap">{where}</p>
    </main>
  )
}
