// Deleting one thing of a memory, after a second look.
import { Sure } from '../parts/sure.tsx'
import { memoryWords as say } from '../words/memory.ts'

interface DropProps {
  /** As it is called where it stands. */
  readonly name: string
  readonly cost: string
  readonly off: string | undefined
  readonly deed: () => Promise<void>
}

export const Drop = ({ name, cost, off, deed }: DropProps) => (
  <Sure
    name={say.remove}
    label={say.removeNamed(name)}
    off={off}
    cost={cost}
    sure={say.sure}
    keep={say.keep}
    deed={deed}
  />
)
