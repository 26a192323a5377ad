// A chain in short: how long it is, its head to copy and keep, and the check on demand with exactly what it proved.
import { useId, useState } from 'preact/hooks'
import { ApiProblem, type Problem } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { Copy } from '../parts/copy.tsx'
import { Digest } from '../parts/digest.tsx'
import { Said } from '../parts/glyph.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { words } from '../words.ts'
import type { Check, Checked } from './check.ts'

interface ChainBoxProps {
  readonly length: string
  readonly head: string | null
  readonly check: Check
  readonly proved: (checked: number) => string
}

const HEAD = /^[0-9a-f]{64}$/

export function ChainBox({ length, head, check, proved }: ChainBoxProps) {
  const say = words.audit
  const [kept, setKept] = useState('')
  const { run, progress, outcome, problem } = useCheck(check)
  const fault = kept === '' || HEAD.test(kept) ? undefined : say.badHead
  return (
    <div class="chain">
      <dl>
        <div>
          <dt>{say.length}</dt>
          <dd>{length}</dd>
        </div>
        <div>
          <dt>{say.head}</dt>
          <dd>
            {head === null ? (
              say.noHead
            ) : (
              <>
                <Digest of={head} /> <Copy text={head} what={say.headName} />
              </>
            )}
          </dd>
        </div>
      </dl>
      {head !== null && (
        <>
          <p class="cap">{say.keepHead}</p>
          <TextField
            label={say.kept}
            value={kept}
            help={say.keptHelp}
            fault={fault}
            change={(value) => setKept(value.replaceAll(/\s/g, '').toLowerCase())}
          />
          <p class="acts">
            <Button off={fault} onPress={() => void run(kept)}>
              {say.check}
            </Button>
            <span role="status">{progress !== null && say.checking(...progress)}</span>
          </p>
        </>
      )}
      {problem !== null && <ProblemNote problem={problem} />}
      {outcome !== null && <Outcome of={outcome} proved={proved} />}
    </div>
  )
}

type Outcome = Checked & { readonly asked: string }

function Outcome({ of: { checked, problem, kept, asked }, proved }: { of: Outcome; proved: ChainBoxProps['proved'] }) {
  const say = words.audit
  const title = useId()
  const isLost = asked !== '' && kept === null
  const isGood = problem === null && !isLost
  return (
    <div class="outcome" role="region" aria-labelledby={title}>
      <p id={title}>
        <Said glyph={isGood ? 'completed' : 'failed'} tone={isGood ? 'ok' : 'bad'}>
          {isGood ? say.good : problem === null ? say.lost : say.bad}
        </Said>
      </p>
      {problem === null ? <p>{proved(checked)}</p> : <p>{problem}</p>}
      {asked !== '' && problem === null && <p>{kept === null ? say.lostHead : say.provedHead(String(kept))}</p>}
      <p class="cap">{say.notProved}</p>
    </div>
  )
}

function useCheck(check: Check) {
  const [progress, setProgress] = useState<readonly [number, number] | null>(null)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const run = async (asked: string): Promise<void> => {
    if (progress !== null) return
    setOutcome(null)
    setProblem(null)
    setProgress([0, 0])
    try {
      const checked = await check(asked, (done, all) => setProgress([done, all]))
      setOutcome({ ...checked, asked })
    } catch (error) {
      if (error instanceof ApiProblem) setProblem(error.problem)
      // An answer that is none of ours: a check that says nothing would look like one that goes on.
      else setOutcome({ checked: 0, problem: words.audit.broken(String(error)), kept: null, asked })
    } finally {
      setProgress(null)
    }
  }
  return { run, progress, outcome, problem }
}
