// An age that grows while one looks, with the exact time on hover. One clock serves all ages of a page.
import { useEffect, useState } from 'preact/hooks'
import { age, exactTime } from '../format.ts'

const TICK_MS = 1_000

export function useNow(ticking = true): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!ticking) return
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}

export const Age = ({ at, now, say = (said) => said }: { at: string; now: number; say?: (said: string) => string }) => (
  <time dateTime={at} title={exactTime(at)}>
    {say(age(now - Date.parse(at)))}
  </time>
)
