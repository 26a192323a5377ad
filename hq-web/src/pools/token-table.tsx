// Node tokens as rows: whose agents, where they work, whether they are let in, and revoking one.
import { post, type Schema } from '../api.ts'
import { Age } from '../parts/age.tsx'
import { Expiry } from '../parts/expiry.tsx'
import { Said } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { Sure } from '../parts/sure.tsx'
import { poolWords as say } from '../words/pools.ts'

export type Token = Schema<'ListNodeTokensAnswer'>['node_tokens'][number]

type TokenState = keyof typeof say.states

export const stateOf = ({ revoked_at, expires_at }: Token, now: number): TokenState =>
  revoked_at !== null ? 'revoked' : expires_at !== null && Date.parse(expires_at) <= now ? 'expired' : 'active'

interface TokenTableProps {
  readonly tokens: readonly Token[]
  readonly now: number
  readonly changed: () => void
}

export function TokenTable({ tokens, now, changed }: TokenTableProps) {
  return (
    <table class="stack keys">
      <caption class="sr">{say.tokens}</caption>
      <Heads of={say.heads} />
      <tbody>
        {tokens.map((token) => (
          <Row key={token.id} of={token} now={now} changed={changed} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ of: token, now, changed }: { of: Token; now: number; changed: () => void }) {
  const { heads } = say
  const state = stateOf(token, now)
  const revoke = async (): Promise<void> => {
    await post('/api/v0/node-tokens/{id}/revoke', undefined, { params: { id: token.id } })
    changed()
  }
  return (
    <tr>
      <th scope="row">
        <span class="name">{token.name}</span>
        <code class="cap">{token.prefix}…</code>
      </th>
      <td data-head={heads.state}>
        <Said glyph={state === 'active' ? 'completed' : 'cancelled'} tone={state === 'active' ? 'ok' : 'void'}>
          {say.states[state]}
        </Said>
        {token.trusted && <span class="cap">{say.trusted}</span>}
      </td>
      <td data-head={heads.pool}>{token.pool ?? say.everybody}</td>
      <td data-head={heads.region}>
        {token.region ?? say.noRegion}
        {token.made_by === 'operator' && <span class="cap">{say.byOperator}</span>}
      </td>
      <td data-head={heads.made}>
        <Age at={token.created_at} now={now} say={say.ago} />
      </td>
      <td data-head={heads.expires}>
        <Expiry at={token.expires_at} now={now} say={say} />
      </td>
      <td>
        {state === 'active' && (
          <Sure
            name={say.revoke}
            label={say.revokeNamed(token.name)}
            cost={say.cost(token.name)}
            sure={say.sure}
            keep={say.keep}
            deed={revoke}
          />
        )}
      </td>
    </tr>
  )
}
