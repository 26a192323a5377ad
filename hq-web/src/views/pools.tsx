// The project's own agents: pools, the tokens that agents say to be in them, and how one joins.
import { useState } from 'preact/hooks'
import { get } from '../api.ts'
import { useLoad } from '../load.ts'
import { useNow } from '../parts/age.tsx'
import { Head } from '../parts/head.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { ShownOnce } from '../parts/shown-once.tsx'
import { commandOf, linkOf } from '../pools/joining.ts'
import { NewToken, type MadeToken } from '../pools/new-token.tsx'
import { PoolList } from '../pools/pool-list.tsx'
import { stateOf, TokenTable, type Token } from '../pools/token-table.tsx'
import { useTitle } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { words } from '../words.ts'
import { poolWords as say } from '../words/pools.ts'

/** A project has at most 50 pools; of tokens this is the first page. */
const PAGE = 100

export function PoolsView({ query }: { query: URLSearchParams }) {
  useTitle(words.title(say.title))
  const canManage = may(useSession(), 'pools:manage')
  return (
    <>
      <Head title={say.title}>{canManage ? say.lead : say.noScope('pools:manage')}</Head>
      {canManage && <Own query={query} />}
    </>
  )
}

function Own({ query }: { query: URLSearchParams }) {
  const cursor = query.get('cursor') ?? undefined
  const [made, setMade] = useState<MadeToken | null>(null)
  const now = useNow()
  const { data, problem, reload } = useLoad(
    async (signal) => {
      const [{ pools }, tokens] = await Promise.all([
        get('/api/v0/pools', { query: { limit: PAGE }, signal }),
        get('/api/v0/node-tokens', { query: { limit: PAGE, cursor }, signal }),
      ])
      return { pools, tokens: tokens.node_tokens, next: tokens.next_cursor }
    },
    // Another address, or the same one again: the link of this view asks anew.
    [query],
  )
  return (
    <>
      {made !== null && <Joining made={made} stored={() => setMade(null)} />}
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && (
        <>
          <PoolList
            pools={data.pools}
            tokens={workingIn(data.tokens, now)}
            isPart={cursor !== undefined || data.next !== null}
            now={now}
            changed={reload}
          />
          <section class="bill">
            <h2>
              {say.tokens} <span>{say.tokensNote}</span>
            </h2>
            {data.tokens.length === 0 ? (
              <p>{say.noTokens}</p>
            ) : (
              <TokenTable tokens={data.tokens} now={now} changed={reload} />
            )}
            <More to="/pools" cursor={cursor} next={data.next} first={say.newest} later={say.older} />
          </section>
          <NewToken
            pools={data.pools.map(({ name }) => name)}
            made={(token) => {
              setMade(token)
              reload()
            }}
          />
          <Regions />
        </>
      )}
    </>
  )
}

function workingIn(tokens: readonly Token[], now: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const token of tokens) {
    if (token.pool !== null && stateOf(token, now) === 'active') {
      counts.set(token.pool, (counts.get(token.pool) ?? 0) + 1)
    }
  }
  return counts
}

function Joining({ made: { node_token, secret }, stored }: { made: MadeToken; stored: () => void }) {
  return (
    <ShownOnce
      label={say.secret}
      title={say.madeTitle(node_token.name)}
      lead={say.once}
      lines={[
        { what: say.secret, text: secret },
        { what: say.link, text: linkOf(location.origin, node_token.pool, secret) },
        { what: say.command, text: commandOf(location.origin, secret) },
      ]}
      stored={stored}
    />
  )
}

const Regions = () => (
  <section class="bill">
    <h2>{say.regions}</h2>
    <p class="soft">{say.regionText}</p>
    <p class="soft after">{say.checkText}</p>
  </section>
)
