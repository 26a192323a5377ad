// JSON that a person types, over several lines, and what is wrong with it.
import { useId } from 'preact/hooks'

interface JsonFieldProps {
  readonly label: string
  readonly value: string
  readonly fault: string | undefined
  readonly change: (value: string) => void
}

export function JsonField({ label, value, fault, change }: JsonFieldProps) {
  const id = useId()
  return (
    <div class="field wide">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        rows={Math.min(16, Math.max(4, value.split('\n').length))}
        spellcheck={false}
        aria-invalid={fault === undefined ? undefined : 'true'}
        aria-describedby={fault === undefined ? undefined : `${id}-help`}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
      {fault !== undefined && (
        <p class="cap is-bad" id={`${id}-help`}>
          {fault}
        </p>
      )}
    </div>
  )
}
