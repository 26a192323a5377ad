// Keys as rows: what each is called, whether it works, what it may, and revoking it after a second look.
import { useRef, useState } from 'preact/hooks'
import type { Schema } from '../api.ts'
import { useFocusOf } from '../focus.ts'
import { Age } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Expiry } from '../parts/expiry.tsx'
import { Said } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useAct } from '../parts/use-act.ts'
import { words } from '../words.ts'

export type Key = Schema<'ListKeysAnswer'>['keys'][number]

interface KeyTableProps {
  readonly keys: readonly Key[]
  readonly now: number
  readonly revoke: (id: string) => Promise<void>
}

export function KeyTable({ keys, now, revoke }: KeyTableProps) {
  const { caption, heads, usedNote } = words.keys
  return (
    <>
      <table class="stack keys">
        <caption class="sr">{caption}</caption>
        <Heads of={heads} />
        <tbody>
          {keys.map((key) => (
            <Row key={key.id} of={key} now={now} revoke={() => revoke(key.id)} />
          ))}
        </tbody>
      </table>
      <p class="cap after">{usedNote}</p>
    </>
  )
}

type KeyState = keyof typeof words.keys.states

const stateOf = ({ revoked_at, expires_at }: Key, now: number): KeyState =>
  revoked_at !== null ? 'revoked' : expires_at !== null && Date.parse(expires_at) <= now ? 'expired' : 'active'

function Row({ of: key, now, revoke }: { of: Key; now: number; revoke: () => Promise<void> }) {
  const { heads, ago, unused, states } = words.keys
  const [asking, setAsking] = useState(false)
  const { problem, attempt } = useAct()
  const state = stateOf(key, now)
  return (
    <>
      <tr>
        <th scope="row">
          <span class="name">{key.name}</span>
          <code class="cap">{key.prefix}…</code>
        </th>
        <td data-head={heads.state}>
          <Said glyph={state === 'active' ? 'completed' : 'cancelled'} tone={state === 'active' ? 'ok' : 'void'}>
            {states[state]}
          </Said>
          {key.revoked_at !== null && (
            <span class="cap">
              <Age at={key.revoked_at} now={now} say={ago} />
            </span>
          )}
        </td>
        <td data-head={heads.scopes} class="may">
          {key.scopes.map((scope) => (
            <code key={scope} title={words.keys.scopes[scope]}>
              {scope}
            </code>
          ))}
        </td>
        <td data-head={heads.made}>
          <Age at={key.created_at} now={now} say={ago} />
        </td>
        <td data-head={heads.expires}>
          <Expiry at={key.expires_at} now={now} say={words.keys} />
        </td>
        <td data-head={heads.used}>
          {key.last_used_at === null ? unused : <Age at={key.last_used_at} now={now} say={ago} />}
        </td>
        <td>{state === 'active' && <Ask of={key} asking={asking} ask={setAsking} revoke={() => attempt(revoke)} />}</td>
      </tr>
      {((asking && state === 'active') || problem !== null) && (
        <tr class="sure">
          <td colSpan={Object.keys(heads).length}>
            {problem === null ? words.keys.revokeCost(key.name) : <ProblemNote problem={problem} />}
          </td>
        </tr>
      )}
    </>
  )
}

interface AskProps {
  readonly of: Key
  readonly asking: boolean
  readonly ask: (asking: boolean) => void
  readonly revoke: () => Promise<boolean>
}

/** The first press asks, and what then has the focus is not the deed. */
function Ask({ of: { name }, asking, ask, revoke }: AskProps) {
  const say = words.keys
  const box = useRef<HTMLSpanElement>(null)
  useFocusOf(box, asking)
  return (
    <span class="acts" ref={box}>
      {asking ? (
        <>
          <Button small onPress={() => ask(false)}>
            {say.keep}
          </Button>
          <Button small onPress={() => void revoke().then(() => ask(false))}>
            {say.sure}
          </Button>
        </>
      ) : (
        <Button small label={say.revokeNamed(name)} onPress={() => ask(true)}>
          {say.revoke}
        </Button>
      )}
    </span>
  )
}
