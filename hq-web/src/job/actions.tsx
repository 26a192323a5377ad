// What can be done with a job: Replay and Verify when it has a result, Cancel while it has none. Each says why when it cannot.
import { useRef, useState } from 'preact/hooks'
import { post } from '../api.ts'
import { useFocusOf } from '../focus.ts'
import { useLoad } from '../load.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useAct } from '../parts/use-act.ts'
import { navigate } from '../router.tsx'
import { may, useSession } from '../session.ts'
import { VERIFY_HERE } from '../verify/verify-here.tsx'
import { words } from '../words.ts'
import { verifyWords } from '../words/verify.ts'
import { hasEnded, type Job } from './use-job.ts'

const DO_NOT_WAIT = { Prefer: 'respond-async' }

function toVerify(): void {
  const head = document.getElementById(VERIFY_HERE)
  head?.scrollIntoView()
  head?.focus({ preventScroll: true })
}

type Asking = 'replay' | 'cancel'

export function Actions({ job, changed }: { job: Job; changed: () => void }) {
  const say = words.job.actions
  const session = useSession()
  const { problem, attempt } = useAct()
  const [asked, setAsking] = useState<Asking | null>(null)
  const ended = hasEnded(job)
  const noScope = may(session, 'jobs:write') ? undefined : say.noScope('jobs:write')
  const noReplay = noScope ?? (job.hub !== undefined ? undefined : ended ? say.replayFailed : say.replayRunning)
  const noVerify = job.hub !== undefined ? undefined : ended ? verifyWords.noResult : verifyWords.running
  const noCancel = noScope ?? (ended ? say.cancelEnded : undefined)
  // It may have ended while one was asked.
  const asking = asked === 'cancel' && ended ? null : asked
  const box = useRef<HTMLDivElement>(null)
  useFocusOf(box, asking)
  const cancel = async (): Promise<void> => {
    await post('/api/v0/jobs/{id}/cancel', undefined, { params: { id: job.job_id } })
    changed()
  }
  return (
    <div class="acts-box" ref={box}>
      {asking === 'replay' && <Replay id={job.job_id} leave={() => setAsking(null)} />}
      {asking === 'cancel' && (
        <>
          <div class="acts">
            <Button onPress={() => void attempt(cancel).then(() => setAsking(null))}>{say.sure}</Button>
            <Button onPress={() => setAsking(null)}>{say.keep}</Button>
          </div>
          <p class="cap">{say.cancelCost}</p>
        </>
      )}
      {asking === null && (
        <>
          <div class="acts">
            <Button onPress={() => setAsking('replay')} off={noReplay}>
              {say.replay}
            </Button>
            <Button onPress={toVerify} off={noVerify}>
              {verifyWords.action}
            </Button>
            <Button onPress={() => setAsking('cancel')} off={noCancel}>
              {say.cancel}
            </Button>
          </div>
          <p class="cap">{noScope ?? (ended ? (noReplay ?? say.replayWhat) : noReplay)}</p>
        </>
      )}
      {problem !== null && <ProblemNote problem={problem} />}
    </div>
  )
}

/** A replay is billed, so its price comes before it. */
function Replay({ id, leave }: { id: string; leave: () => void }) {
  const say = words.job.actions
  const params = { id }
  const { busy, problem: refused, attempt } = useAct()
  const { data, problem, reload } = useLoad(
    (signal) => post('/api/v0/jobs/{id}/replay/estimate', {}, { params, signal }),
    [id],
  )
  const replay = async (): Promise<void> => {
    const made = await post('/api/v0/jobs/{id}/replay', {}, { params, headers: DO_NOT_WAIT })
    navigate(`/jobs/${made.job_id}`)
  }
  const isOver = data?.limits.some(({ exceeded }) => exceeded) === true
  const off = data === null ? say.pricing : isOver ? words.form.overLimit : busy ? words.form.submitBusy : undefined
  return (
    <>
      <div class="acts">
        <Button off={off} onPress={() => void attempt(replay)}>
          {say.replaySure}
        </Button>
        <Button onPress={leave}>{say.replayKeep}</Button>
      </div>
      <p class="cap" role="status">
        {data === null ? say.pricing : say.replayCost(data.billing.credits, data.billing.eur)}{' '}
        {isOver && words.form.overLimit}
      </p>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {refused !== null && <ProblemNote problem={refused} />}
    </>
  )
}
