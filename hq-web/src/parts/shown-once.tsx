// What was just made and is shown once: it is in this component's props alone. A reload or another view, and it is gone, so one
// is asked first.
import type { RefObject } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useFocusOf } from '../focus.ts'
import { askBeforeLeaving } from '../leaving.ts'
import { words } from '../words.ts'
import { Button } from './button.tsx'
import { Copy } from './copy.tsx'

interface ShownOnceProps {
  /** Of the section, for whoever hears the page. */
  readonly label: string
  readonly title: string
  readonly lead: string
  readonly lines: readonly ShownLine[]
  readonly stored: () => void
}

export interface ShownLine {
  readonly what: string
  readonly text: string
}

export function ShownOnce({ label, title, lead, lines, stored }: ShownOnceProps) {
  const head = useRef<HTMLHeadingElement>(null)
  // Who made it by keyboard or hears the page is taken to what must not be missed.
  useLayoutEffect(() => head.current?.focus(), [title])
  const section = useRef<HTMLElement>(null)
  useFocusOf(section, null)
  const [asked, setAsked] = useState<{ readonly go: () => void; readonly n: number } | null>(null)
  const box = useRef<HTMLDialogElement>(null)
  const questions = useRef(0)
  // One that closes while the next is asked puts away itself and not that, so each has a dialog of its own; an open one stays.
  useEffect(
    () =>
      askBeforeLeaving((go) => {
        if (box.current?.open !== true) questions.current += 1
        setAsked({ go, n: questions.current })
      }),
    [],
  )
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [])
  return (
    <section class="secret" aria-label={label} ref={section}>
      <h2 ref={head} tabIndex={-1}>
        {title}
      </h2>
      <p class="soft">{lead}</p>
      {lines.map(({ what, text }) => (
        <div key={what} class="shown">
          {lines.length > 1 && <p class="cap">{what}</p>}
          <p class="line">
            <code>{text}</code>
            <Copy text={text} what={what.toLowerCase()} />
          </p>
        </div>
      ))}
      <Button onPress={stored}>{words.keys.stored}</Button>
      {asked !== null && (
        <Leave
          key={asked.n}
          box={box}
          what={label}
          go={asked.go}
          stay={() => setAsked((last) => (last?.n === asked.n ? null : last))}
        />
      )}
    </section>
  )
}

interface LeaveProps {
  readonly box: RefObject<HTMLDialogElement | null>
  readonly what: string
  readonly go: () => void
  readonly stay: () => void
}

/** Escape stays; the first button, which has the focus, as well. */
function Leave({ box, what, go, stay }: LeaveProps) {
  const { unstored, stay: staying, leave } = words.keys
  const id = useId()
  useLayoutEffect(() => box.current?.showModal(), [])
  return (
    <dialog ref={box} aria-labelledby={id} onClose={stay}>
      <p id={id}>{unstored(what)}</p>
      <p class="acts">
        <Button onPress={() => box.current?.close()}>{staying}</Button>
        <Button onPress={go}>{leave}</Button>
      </p>
    </dialog>
  )
}
