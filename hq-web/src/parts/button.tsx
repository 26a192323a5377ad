// A button that can be off: it stays in the order of the tab key and says why, because a dead button explains nothing.
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface ButtonProps {
  readonly children: ComponentChildren
  readonly onPress: () => void
  /** Why it does nothing now; undefined while it works. */
  readonly off?: string | undefined
  readonly main?: boolean
  readonly small?: boolean
  readonly label?: string
}

export function Button({ children, onPress, off, main = false, small = false, label }: ButtonProps) {
  const reason = useId()
  return (
    <>
      <button
        type="button"
        class={`btn${main ? ' main' : ''}${small ? ' small' : ''}`}
        aria-disabled={off === undefined ? undefined : 'true'}
        aria-describedby={off === undefined ? undefined : reason}
        aria-label={label}
        title={off}
        onClick={() => off === undefined && onPress()}
      >
        {children}
      </button>
      {off !== undefined && (
        <span class="sr" id={reason}>
          {off}
        </span>
      )}
    </>
  )
}
