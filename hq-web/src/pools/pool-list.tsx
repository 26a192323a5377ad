// The project's pools, and making one.
import { useState } from 'preact/hooks'
import { post, type Schema } from '../api.ts'
import { count } from '../format.ts'
import { Age } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { Heads } from '../parts/heads.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { poolWords as say } from '../words/pools.ts'

type Pool = Schema<'ListPoolsAnswer'>['pools'][number]

interface PoolListProps {
  readonly pools: readonly Pool[]
  /** How many tokens that work each has, as far as was read. */
  readonly tokens: ReadonlyMap<string, number>
  /** There are more tokens than were read. */
  readonly isPart: boolean
  readonly now: number
  readonly changed: () => void
}

export function PoolList({ pools, tokens, isPart, now, changed }: PoolListProps) {
  return (
    <section class="bill">
      <h2>{say.pools}</h2>
      {pools.length === 0 ? (
        <p>{say.noPools}</p>
      ) : (
        <>
          <table class="stack">
            <caption class="sr">{say.pools}</caption>
            <Heads of={say.poolHeads} right={['tokens']} />
            <tbody>
              {pools.map(({ name, created_at }) => (
                <tr key={name}>
                  <th scope="row" class="mono">
                    {name}
                  </th>
                  <td data-head={say.poolHeads.made}>
                    <Age at={created_at} now={now} say={say.ago} />
                  </td>
                  <td data-head={say.poolHeads.tokens} class="r">
                    {isPart && `${say.moreTokens} `}
                    {count(tokens.get(name) ?? 0)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="cap after">{say.going}</p>
        </>
      )}
      <NewPool changed={changed} />
    </section>
  )
}

function NewPool({ changed }: { changed: () => void }) {
  const [name, setName] = useState('')
  const { busy, problem, attempt, faultOf } = useAct()
  const submit = (): void => {
    void attempt(async () => {
      await post('/api/v0/pools', { name: name.trim() })
      setName('')
      changed()
    })
  }
  return (
    <form
      class="inline-form"
      aria-label={say.newPool}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <TextField label={say.poolName} value={name} help={say.poolNameHelp} fault={faultOf('name')} change={setName} />
      <p class="acts">
        <Button off={busy ? say.busy : undefined} onPress={submit}>
          {say.newPool}
        </Button>
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  )
}
