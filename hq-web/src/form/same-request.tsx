// The request in the form as one would send it without HQ.
import { useState } from 'preact/hooks'
import { Copy } from '../parts/copy.tsx'
import { asCurl, asTypeScript } from '../request-text.ts'
import { words } from '../words.ts'
import type { Contract } from './use-estimate.ts'

const KINDS = {
  curl: [words.form.curl, asCurl],
  typescript: [words.form.typescript, asTypeScript],
  json: [words.form.json_, (request: object) => JSON.stringify(request, null, 2)],
} as const
type Kind = keyof typeof KINDS

export function SameRequest({ contract }: { contract: Contract }) {
  const [kind, setKind] = useState<Kind>('curl')
  const [name, write] = KINDS[kind]
  const text = write(contract, location.origin)
  return (
    <section>
      <h2>{words.form.same}</h2>
      <p class="kinds">
        {(Object.keys(KINDS) as Kind[]).map((one) => (
          <button key={one} type="button" class="tab" aria-pressed={one === kind} onClick={() => setKind(one)}>
            {KINDS[one][0]}
          </button>
        ))}
        <Copy text={text} what={name} />
      </p>
      <pre tabIndex={0} role="region" aria-label={name}>
        <code>{text}</code>
      </pre>
    </section>
  )
}
