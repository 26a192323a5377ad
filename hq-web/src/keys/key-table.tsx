// Keys as rows: what each is called, whether it works, what it may, and revoking it after a second look.
import { useState } from 'preact/hooks'
import { ApiProblem, post, type Problem, type Schema } from '../api.ts'
import { age, exactTime } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Said } from '../parts/glyph.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { words } from '../words.ts'

export type Key = Schema<'ListKeysAnswer'>['keys'][number]

interface KeyTableProps {
  readonly keys: readonly Key[]
  readonly now: number
  readonly changed: () => void
}

export function KeyTable({ keys, now, changed }: KeyTableProps) {
  const { caption, heads, usedNote } = words.keys
  return (
    <>
      <table class="stack keys">
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            {Object.values(heads).map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <Row key={key.id} of={key} now={now} changed={changed} />
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

function Row({ of: key, now, changed }: { of: Key; now: number; changed: () => void }) {
  const { heads, ago, unused, states } = words.keys
  const [asking, setAsking] = useState(false)
  const { revoke, problem } = useRevoke(key.id, changed)
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
          <Expiry at={key.expires_at} now={now} />
        </td>
        <td data-head={heads.used}>
          {key.last_used_at === null ? unused : <Age at={key.last_used_at} now={now} say={ago} />}
        </td>
        <td>{state === 'active' && <Ask of={key} asking={asking} ask={setAsking} revoke={revoke} />}</td>
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
  readonly revoke: () => Promise<void>
}

/** The first press asks, and what then has the focus is not the deed. */
function Ask({ of: { name }, asking, ask, revoke }: AskProps) {
  const say = words.keys
  return (
    <span class="acts">
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

function useRevoke(id: string, changed: () => void) {
  const [problem, setProblem] = useState<Problem | null>(null)
  const revoke = async (): Promise<void> => {
    setProblem(null)
    try {
      await post('/api/v0/keys/{id}/revoke', undefined, { params: { id } })
      changed()
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setProblem(error.problem)
    }
  }
  return { revoke, problem }
}

function Expiry({ at, now }: { at: string | null; now: number }) {
  const { never, ago, inTime } = words.keys
  if (at === null) return <>{never}</>
  const left = Date.parse(at) - now
  return (
    <time dateTime={at} title={exactTime(at)}>
      {left > 0 ? inTime(age(left)) : ago(age(-left))}
    </time>
  )
}
