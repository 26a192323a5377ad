// What somebody types into a field: the page is drawn anew several times a second, and what stands half typed must stay.
import type { TargetedEvent } from 'preact'
import { useState } from 'preact/hooks'

type Heard = TargetedEvent<HTMLInputElement>

/**
 * The attributes of a field for one value. `set` is given what was typed once it is entered or left; then the value stands
 * there again, which is the old one where nothing came of it.
 */
export function useTyped(value: string | number, set: (typed: string) => void) {
  const [typed, setTyped] = useState<string | null>(null)
  return {
    value: typed ?? value,
    onInput: ({ currentTarget }: Heard) => setTyped(currentTarget.value),
    onChange: ({ currentTarget }: Heard) => {
      // A time that is being cleared to be typed anew is a change to nothing.
      if (currentTarget.value !== '' || document.activeElement !== currentTarget) setTyped(null)
      set(currentTarget.value)
    },
    // A window that is left takes the focus along and gives it back: nobody has left the field.
    onBlur: ({ currentTarget }: Heard) => {
      if (document.activeElement !== currentTarget) setTyped(null)
    },
  }
}
