// Says that what stands in a form was typed before, and lets one begin anew.
import { useRef } from 'preact/hooks'
import type { Draft } from '../draft.ts'
import { useFocusOf } from '../focus.ts'
import { words } from '../words.ts'
import { Button } from './button.tsx'

export const OldDraft = ({ of: { isOld, clear } }: { of: Pick<Draft<object>, 'isOld' | 'clear'> }) =>
  isOld ? <Old clear={clear} /> : null

function Old({ clear }: { clear: () => void }) {
  const box = useRef<HTMLParagraphElement>(null)
  useFocusOf(box, null)
  return (
    <p class="old-draft" role="status" ref={box}>
      {words.draft.old}{' '}
      <Button small onPress={clear}>
        {words.draft.anew}
      </Button>
    </p>
  )
}
