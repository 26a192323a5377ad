// When something is gone by itself, as it is shown.
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
