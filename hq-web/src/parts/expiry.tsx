// When something ends by itself, or ended.
import { age, exactTime } from '../format.ts'

interface ExpiryProps {
  /** Null: it does not. */
  readonly at: string | null
  readonly now: number
  readonly say: {
    readonly never: string
    readonly ago: (said: string) => string
    readonly inTime: (said: string) => string
  }
}

export function Expiry({ at, now, say }: ExpiryProps) {
  if (at === null) return <>{say.never}</>
  const left = Date.parse(at) - now
  return (
    <time dateTime={at} title={exactTime(at)}>
      {left > 0 ? say.inTime(age(left)) : say.ago(age(-left))}
    </time>
  )
}
