// The secret of a key that was just made.
import { ShownOnce } from '../parts/shown-once.tsx'
import { words } from '../words.ts'
import type { Made } from './new-key.tsx'

export function Secret({ made: { key, secret }, stored }: { made: Made; stored: () => void }) {
  const say = words.keys
  return (
    <ShownOnce
      label={say.secret}
      title={say.madeTitle(key.name)}
      lead={say.once}
      lines={[{ what: say.secret, text: secret }]}
      stored={stored}
    />
  )
}
