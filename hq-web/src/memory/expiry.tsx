// When something is gone by itself, and the field that says so.
import { age, exactTime } from '../format.ts'
import { memoryWords as say } from '../words/memory.ts'

export function Expiry({ at, now }: { at: string | null; now: number }) {
  if (at === null) return <>{say.never}</>
  return (
    <time dateTime={at} title={exactTime(at)}>
      {say.inTime(age(Date.parse(at) - now))}
    </time>
  )
}

/** Undefined: never; null: it is no number of seconds. */
export function ttlOf(text: string): number | undefined | null {
  const plain = text.trim()
  if (plain === '') return undefined
  return /^[1-9]\d{0,11}$/.test(plain) ? Number(plain) : null
}

/** What is left, as it is typed. */
export const ttlText = (at: string | null, now: number): string =>
  at === null ? '' : String(Math.max(1, Math.ceil((Date.parse(at) - now) / 1_000)))
