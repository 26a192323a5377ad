// What the operator orders about an agent: the first press asks for a reason, the second is the deed.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem, post, type Problem } from '../api.ts'
import { useFocusOf } from '../focus.ts'
import { shortId } from '../format.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { words } from '../words.ts'
import type { Details } from './agent-table.tsx'

export type OrderKind = keyof typeof words.agents.acts

export interface Ordering {
  /** Which order is about to be given. */
  readonly asking: OrderKind | null
  readonly problem: Problem | null
  ask(kind: OrderKind | null): void
  give(reason: string): Promise<void>
}

export function useOrder(agent: string, done: (() => void) | undefined): Ordering {
  const [asking, setAsking] = useState<OrderKind | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  return {
    asking,
    problem,
    ask(kind) {
      setProblem(null)
      setAsking(kind)
    },
    async give(reason) {
      if (asking === null) return
      setProblem(null)
      try {
        await post(`/api/v0/operator/agents/{agent}/${asking}`, { reason }, { params: { agent } })
        setAsking(null)
        done?.()
      } catch (error) {
        if (!(error instanceof ApiProblem)) throw error
        setProblem(error.problem)
      }
    },
  }
}

/** What makes a difference to an agent as it is. */
function ordersFor(quarantine: Details['quarantine']): readonly OrderKind[] {
  if (quarantine === null) return ['quarantine', 'ban']
  if (quarantine.state === 'banned') return ['release']
  return quarantine.state === 'waits' ? ['release', 'ban'] : ['quarantine', 'ban']
}

interface ButtonsProps {
  readonly name: string
  /** Its identity: two agents may say the same name, and a name may hold anything. */
  readonly agent: string
  readonly quarantine: Details['quarantine']
  readonly order: Ordering
}

export function OrderButtons({ name, agent, quarantine, order }: ButtonsProps) {
  const { acts, actNamed } = words.agents
  if (order.asking !== null) return null
  const id = shortId(agent)
  const whom = name === id ? id : `${name}, ${id}`
  return (
    <span class="acts">
      {ordersFor(quarantine).map((kind) => (
        <Button key={kind} small label={actNamed[kind](whom)} onPress={() => order.ask(kind)}>
          {acts[kind]}
        </Button>
      ))}
    </span>
  )
}

export function OrderForm({ order }: { order: Ordering }) {
  const { actCost, sure, keep, reason: label, reasonHelp } = words.agents
  const [reason, setReason] = useState('')
  const form = useRef<HTMLFormElement>(null)
  useLayoutEffect(() => form.current?.querySelector('input')?.focus(), [])
  useFocusOf(form, null)
  const { asking, problem } = order
  if (asking === null) return null
  const fault = problem?.errors?.find(({ path }) => path === 'reason')?.message
  return (
    <form
      class="order"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault()
        void order.give(reason)
      }}
    >
      <p>{actCost[asking]}</p>
      {problem !== null && fault === undefined && <ProblemNote problem={problem} />}
      <TextField label={label} value={reason} help={reasonHelp} fault={fault} change={setReason} />
      <p class="acts">
        <Button small onPress={() => order.ask(null)}>
          {keep}
        </Button>
        <button type="submit" class="btn small">
          {sure[asking]}
        </button>
      </p>
    </form>
  )
}
