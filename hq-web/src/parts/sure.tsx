// What cannot be undone is asked about first: the first press asks and says what it costs, and what then has the focus is not
// the deed. A refusal stands in the same place.
import { useRef, useState } from 'preact/hooks'
import { useFocusOf } from '../focus.ts'
import { Button } from './button.tsx'
import { ProblemNote } from './problem.tsx'
import { useAct } from './use-act.ts'

interface SureProps {
  readonly name: string
  /** The button's name where several say the same. */
  readonly label?: string
  readonly cost: string
  readonly sure: string
  readonly keep: string
  readonly off?: string | undefined
  readonly deed: () => Promise<void>
}

export function Sure({ name, label, cost, sure, keep, off, deed }: SureProps) {
  const [asking, setAsking] = useState(false)
  const { problem, attempt } = useAct()
  const box = useRef<HTMLSpanElement>(null)
  useFocusOf(box, asking)
  return (
    <span class="sure-box" ref={box}>
      <span class="acts">
        {asking ? (
          <>
            <Button small onPress={() => setAsking(false)}>
              {keep}
            </Button>
            <Button small onPress={() => void attempt(deed).then(() => setAsking(false))}>
              {sure}
            </Button>
          </>
        ) : (
          <Button small off={off} {...(label === undefined ? {} : { label })} onPress={() => setAsking(true)}>
            {name}
          </Button>
        )}
      </span>
      {asking && <span class="cap">{cost}</span>}
      {problem !== null && <ProblemNote problem={problem} />}
    </span>
  )
}
