// Copying what a person would otherwise mark: an id, a digest, a request. Files are made here from what is on the page.
import { useState } from 'preact/hooks'
import { words } from '../words.ts'
import { Button } from './button.tsx'

const SAID_MS = 1_500

interface CopyProps {
  readonly text: string
  /** What is copied, in a word. */
  readonly what: string
  /** The button says the word too: where several stand together. */
  readonly shown?: boolean
}

export function Copy({ text, what, shown = false }: CopyProps) {
  const [said, setSaid] = useState(false)
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => {
        setSaid(true)
        setTimeout(() => setSaid(false), SAID_MS)
      },
      // The browser said no, and shows that itself.
      () => undefined,
    )
  }
  return (
    <Button small onPress={copy} label={said ? words.copied : words.copyNamed(what)}>
      {said ? words.copied : shown ? words.copyNamed(what) : words.copy}
    </Button>
  )
}

/** A file of JSON, as it would be copied. */
export function saveJson(name: string, value: unknown): void {
  const address = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}
