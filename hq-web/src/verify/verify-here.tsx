// Verifying a job in the browser: how many shards, how far it is, what each gave, and in plain words what was proved by it.
import { useState } from 'preact/hooks'
import type { Checked } from '@forge/shared/receipt/check-receipt.ts'
import { verdictOf } from '@forge/shared/receipt/verdict.ts'
import { Say } from '../job/band.tsx'
import { Button } from '../parts/button.tsx'
import { Digest } from '../parts/digest.tsx'
import { Said, type GlyphName, type Tone } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { words } from '../words.ts'
import { verifyWords as say } from '../words/verify.ts'
import { useVerify, type Drawn, type Verifying } from './use-verify.ts'

/** The heading, where the button at the top of the page leads. */
export const VERIFY_HERE = 'verify-here'
const SHARDS_DEFAULT = 5

interface VerifyProps {
  readonly jobId: string
  /** The body of the receipt that the page shows. */
  readonly receipt: object
  /** As many as the job has. */
  readonly shards: number
}

export function VerifyHere({ jobId, receipt, shards }: VerifyProps) {
  const [text, setText] = useState(String(Math.min(SHARDS_DEFAULT, shards)))
  const { state, start, stop } = useVerify(jobId, receipt)
  const wanted = /^\d{1,9}$/.test(text.trim()) ? Number(text) : 0
  const fault = wanted < 1 || wanted > shards ? say.numberFault(shards) : undefined
  const isRunning = state.is === 'running'
  const off = isRunning ? say.busy : fault
  const submit = (): void => {
    if (off === undefined) start(wanted)
  }
  return (
    <section class="sub verify" aria-labelledby={VERIFY_HERE}>
      <h3 id={VERIFY_HERE} tabIndex={-1}>
        {say.head} <span>{say.headNote}</span>
      </h3>
      <p class="soft">{say.lead}</p>
      <form
        aria-label={say.head}
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <TextField
          label={say.number}
          value={text}
          help={say.numberHelp(shards)}
          fault={text.trim() === '' ? undefined : fault}
          change={setText}
        />
        <p class="acts">
          <Button off={off} onPress={submit}>
            {state.is === 'done' ? say.again : say.start}
          </Button>
          {isRunning && <Button onPress={stop}>{say.stop}</Button>}
        </p>
      </form>
      <Outcome state={state} all={shards} />
    </section>
  )
}

function Outcome({ state, all }: { state: Verifying; all: number }) {
  if (state.is === 'idle') return null
  if (state.is === 'refused') return <ProblemNote problem={state.problem} />
  if (state.is === 'broken') {
    return (
      <p class="problem" role="alert">
        {state.says}
      </p>
    )
  }
  return (
    <>
      {state.is === 'running' ? (
        <p role="status">{progressOf(state.drawn)}</p>
      ) : (
        <Verdict checked={state.checked} drawn={state.drawn ?? []} all={all} />
      )}
      {state.drawn !== null && <DrawnTable drawn={state.drawn} />}
      {state.is === 'done' && <Findings checked={state.checked} />}
    </>
  )
}

function progressOf(drawn: readonly Drawn[] | null): string {
  if (drawn === null) return say.reading
  const done = drawn.filter(({ ran }) => ran !== null).length
  return done === drawn.length ? say.finishing : say.progress(done, drawn.length)
}

function Verdict({ checked, drawn, all }: { checked: readonly Checked[]; drawn: readonly Drawn[]; all: number }) {
  const verdict = verdictOf(checked)
  const wrong = checked.filter(({ is }) => is === 'wrong').length
  return (
    <div role="status">
      {verdict === 'wrong' && <Say lead={say.bad(wrong)}>{say.badRest}</Say>}
      {verdict === 'unrun' && <Say lead={say.unrun}>{say.unrunRest}</Say>}
      {verdict === 'good' && (
        <Say lead={say.good}>
          {say.same(drawn.length, all)}
          {say.rest(all - drawn.length)}
        </Say>
      )}
      <p class="cap after">{say.code}</p>
    </div>
  )
}

const LOOKS: Readonly<Record<keyof typeof say.results, readonly [GlyphName, Tone]>> = {
  waits: ['queued', 'void'],
  same: ['completed', 'ok'],
  differs: ['failed', 'bad'],
}

function DrawnTable({ drawn }: { drawn: readonly Drawn[] }) {
  return (
    <table class="stack after drawn">
      <caption class="sr">{say.table}</caption>
      <Heads of={say.heads} />
      <tbody>
        {drawn.map(({ shard, ran }) => {
          const result = ran === null ? 'waits' : ran.found === ran.listed ? 'same' : 'differs'
          const [glyph, tone] = LOOKS[result]
          return (
            <tr key={shard}>
              <th scope="row">{words.job.dispatch.name(shard)}</th>
              <td data-head={say.heads.result}>
                <Said glyph={glyph} tone={tone}>
                  {say.results[result]}
                </Said>
              </td>
              <td data-head={say.heads.digest} class="all">
                {ran !== null && <Digest of={ran.found} />}
                {ran !== null && result === 'differs' && (
                  <>
                    <span class="cap">{say.found}</span>
                    <Digest of={ran.listed} />
                    <span class="cap">{say.listed}</span>
                  </>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

const KINDS: Readonly<Record<Checked['is'], readonly [GlyphName, Tone]>> = {
  wrong: ['failed', 'bad'],
  proved: ['completed', 'ok'],
  unshown: ['queued', 'void'],
}

/** What is wrong comes first. */
function Findings({ checked }: { checked: readonly Checked[] }) {
  return (
    <>
      <h4>{say.findings}</h4>
      <ul class="found">
        {(['wrong', 'proved', 'unshown'] as const).flatMap((kind) =>
          checked
            .filter(({ is }) => is === kind)
            .map(({ name, says }, n) => (
              <li key={`${kind} ${n}`}>
                <Said glyph={KINDS[kind][0]} tone={KINDS[kind][1]}>
                  {say.kinds[kind]}
                </Said>
                <span>
                  <b>{name}</b> {says}
                </span>
              </li>
            )),
        )}
      </ul>
    </>
  )
}
