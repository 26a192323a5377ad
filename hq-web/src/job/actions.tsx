// What can be done with a job: Replay and Verify when it has a result, Cancel while it has none. Each says why when it cannot.
import { useState } from 'preact/hooks'
import { ApiProblem, post, type Problem } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
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

export function Actions({ job, changed }: { job: Job; changed: () => void }) {
  const say = words.job.actions
  const session = useSession()
  const [problem, setProblem] = useState<Problem | null>(null)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const ended = hasEnded(job)
  const noScope = may(session, 'jobs:write') ? undefined : say.noScope('jobs:write')
  const noReplay = noScope ?? (job.hub !== undefined ? undefined : ended ? say.replayFailed : say.replayRunning)
  const noVerify = job.hub !== undefined ? undefined : ended ? verifyWords.noResult : verifyWords.running
  const noCancel = noScope ?? (ended ? say.cancelEnded : undefined)

  const attempt = async (action: () => Promise<void>): Promise<void> => {
    if (busy) return
    setBusy(true)
    setProblem(null)
    try {
      await action()
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      setProblem(error.problem)
    } finally {
      setBusy(false)
      setAsking(false)
    }
  }
  const replay = async (): Promise<void> => {
    const made = await post('/api/v0/jobs/{id}/replay', {}, { params: { id: job.job_id }, headers: DO_NOT_WAIT })
    navigate(`/jobs/${made.job_id}`)
  }
  const cancel = async (): Promise<void> => {
    await post('/api/v0/jobs/{id}/cancel', undefined, { params: { id: job.job_id } })
    changed()
  }
  return (
    <div class="acts-box">
      <div class="acts">
        {asking && !ended ? (
          <>
            <Button onPress={() => void attempt(cancel)}>{say.sure}</Button>
            <Button onPress={() => setAsking(false)}>{say.keep}</Button>
          </>
        ) : (
          <>
            <Button onPress={() => void attempt(replay)} off={noReplay}>
              {say.replay}
            </Button>
            <Button onPress={toVerify} off={noVerify}>
              {verifyWords.action}
            </Button>
            <Button onPress={() => setAsking(true)} off={noCancel}>
              {say.cancel}
            </Button>
          </>
        )}
      </div>
      <p class="cap">
        {asking && !ended ? say.cancelCost : (noScope ?? (ended ? (noReplay ?? say.replayCost) : noReplay))}
      </p>
      {problem !== null && <ProblemNote problem={problem} />}
    </div>
  )
}
