// Where the focus goes when what had it is gone, so that whoever uses a keyboard or hears the page is not sent to its beginning.
import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A heading takes the focus without being a stop of the tab key. */
export function focusHead(heading: HTMLElement | null): void {
  if (heading === null) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

/** To the view's heading; where it is still being asked for, to the view, and to the heading once it is there. */
export function focusView(): () => void {
  const main = document.getElementById('content')
  const heading = main?.querySelector('h1') ?? null
  if (main === null || heading !== null) {
    focusHead(heading)
    return () => undefined
  }
  main.focus({ preventScroll: true })
  const observer = new MutationObserver(() => {
    const late = main.querySelector('h1')
    if (late === null) return
    observer.disconnect()
    if (document.activeElement === main) focusHead(late)
  })
  observer.observe(main, { childList: true, subtree: true })
  return () => observer.disconnect()
}

/**
 * In a box that asks before a deed: what comes in the place of the button that was pressed has the focus; when the box goes away
 * with it, the heading of its section has. That is before the next frame: a key that is pressed meanwhile would go nowhere.
 */
export function useFocusOf(box: RefObject<HTMLElement | null>, asking: unknown): void {
  const isNew = useRef(true)
  useLayoutEffect(() => {
    const { activeElement } = document
    // Whoever has gone elsewhere meanwhile stays there.
    const isHere = activeElement === document.body || box.current?.contains(activeElement) === true
    if (!isNew.current && isHere) box.current?.querySelector<HTMLElement>('button')?.focus()
    isNew.current = false
  }, [asking])
  useLayoutEffect(
    () => () => {
      if (box.current?.contains(document.activeElement) !== true) return
      const section = box.current.closest('section')
      queueMicrotask(() => {
        if (document.activeElement !== document.body) return
        focusHead((section?.isConnected === true ? section : document).querySelector<HTMLElement>('h1, h2'))
      })
    },
    [],
  )
}
