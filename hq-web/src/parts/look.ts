// What a drawing must know of the page that it is in: how wide it may be, and whether it is light or dark.
import type { RefObject } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'

/** Of the element, now and after it has changed; 0 before it is there. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const observed = element.current
    if (observed === null) return
    const observer = new ResizeObserver(() => setWidth(observed.clientWidth))
    observer.observe(observed)
    return () => observer.disconnect()
  }, [element])
  return width
}

/** Changes when the page goes from light to dark, for what is drawn and not styled. */
export function useTheme(): boolean {
  const query = useMemo(() => matchMedia('(prefers-color-scheme: dark)'), [])
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const changed = (): void => setDark(query.matches)
    query.addEventListener('change', changed)
    return () => query.removeEventListener('change', changed)
  }, [query])
  return isDark
}
