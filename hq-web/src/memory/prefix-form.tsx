// What a list begins with, in the address of the view.
import { useState } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/text-field.tsx'
import { navigate } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'

interface PrefixFormProps {
  /** Of the view, without the prefix. */
  readonly query: Readonly<Record<string, string>>
  readonly prefix: string
}

export function PrefixForm({ query, prefix }: PrefixFormProps) {
  const [text, setText] = useState(prefix)
  const show = (): void => {
    navigate(memoryAddress({ ...query, ...(text === '' ? {} : { prefix: text }) }))
  }
  return (
    <form
      class="inline-form"
      aria-label={say.prefix}
      onSubmit={(event) => {
        event.preventDefault()
        show()
      }}
    >
      <TextField label={say.prefix} value={text} help={say.prefixHelp} fault={undefined} change={setText} />
      <p class="acts">
        <Button small onPress={show}>
          {say.find}
        </Button>
      </p>
    </form>
  )
}

export const memoryAddress = (query: Readonly<Record<string, string>>): string =>
  `/memory?${new URLSearchParams(query)}`
