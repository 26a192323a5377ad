// The field that says when something is gone by itself.
import { TextField } from '../parts/text-field.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { ttlOf } from './ttl.ts'

interface TtlFieldProps {
  readonly value: string
  readonly help?: string
  /** What the server says of it. */
  readonly fault?: string | undefined
  readonly change: (value: string) => void
}

export const TtlField = ({ value, help = say.ttlHelp, fault, change }: TtlFieldProps) => (
  <TextField
    label={say.ttl}
    value={value}
    help={help}
    fault={ttlOf(value) === null ? say.badTtl : fault}
    change={change}
  />
)
