// Says that what stands in a form was typed before, and lets one begin anew.
import type { Draft } from '../draft.ts'
import { words } from '../words.ts'
import { Button } from './button.tsx'

export const OldDraft = ({ of: { isOld, clear } }: { of: Pick<Draft<object>, 'isOld' | 'clear'> }) =>
  isOld ? (
    <p class="old-draft" role="status">
      {words.draft.old}{' '}
      <Button small onPress={clear}>
        {words.draft.anew}
      </Button>
    </p>
  ) : null
