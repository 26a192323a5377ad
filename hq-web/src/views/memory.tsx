// A project's memory: what is used, and one of its three kinds at a time, by address.
import { useState } from 'preact/hooks'
import { Arrays } from '../memory/arrays.tsx'
import { Blobs } from '../memory/blobs.tsx'
import { Kv, type PartProps } from '../memory/kv.tsx'
import { memoryAddress } from '../memory/prefix-form.tsx'
import { MemoryUsage } from '../memory/usage.tsx'
import { Head } from '../parts/head.tsx'
import { Link, useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'
import { memoryWords as say } from '../words/memory.ts'

const KINDS = { kv: Kv, blob: Blobs, vmem: Arrays } as const
type Kind = keyof typeof KINDS
const NAMES = Object.keys(KINDS) as Kind[]

export function MemoryView({ query }: { query: URLSearchParams }) {
  useTitle(words.title(say.title))
  const session = useSession()
  const canRead = may(session, 'memory:read')
  const off = may(session, 'memory:write') ? undefined : say.noWrite
  return (
    <>
      <Head title={say.title}>{canRead ? say.lead : say.noScope('memory:read')}</Head>
      {canRead && <Own query={query} off={off} />}
    </>
  )
}

function Own({ query, off }: Pick<PartProps, 'query' | 'off'>) {
  const [round, setRound] = useState(0)
  const kind = NAMES.find((name) => name === query.get('kind')) ?? 'kv'
  const Part = KINDS[kind]
  return (
    <>
      <MemoryUsage round={round} />
      <nav class="tabs after" aria-label={say.title}>
        {NAMES.map((name) => (
          <Link key={name} to={memoryAddress({ kind: name })} aria-current={name === kind ? 'true' : undefined}>
            {say.kinds[name]}
          </Link>
        ))}
      </nav>
      <Part query={query} round={round} written={() => setRound((n) => n + 1)} off={off} />
    </>
  )
}
