// Starts the referee's process and starts it again when it ends.
import type { ChildProcess } from 'node:child_process'
import type { Logger } from '../../logger.ts'
import { typescriptProcess } from '../../typescript-process.ts'
import { REFEREE_RESTART_MS, REFEREE_RESTART_MS_MAX } from './limits.ts'

export interface Referee {
  close(): void
}

export function startReferee(url: string, token: string, logger: Logger): Referee {
  let child: ChildProcess | undefined
  let closed = false
  let wait: number = REFEREE_RESTART_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  const again = (how: object): void => {
    if (closed) return
    logger.warn({ ...how, again_ms: wait }, 'the referee ended and starts again')
    timer = setTimeout(() => void start(), wait)
    wait = Math.min(wait * 2, REFEREE_RESTART_MS_MAX)
  }
  /** Never rejects. */
  const start = async (): Promise<void> => {
    const started = performance.now()
    try {
      child = await typescriptProcess(new URL('referee-process.ts', import.meta.url), [url], {
        // Nothing that the server keeps secret: this process reads what comes over the network.
        env: { PATH: process.env['PATH'], FORGE_AGENT_TOKEN: token },
        stdout: 'ignore',
        stderr: 'inherit',
      })
    } catch (error) {
      again({ err: error })
      return
    }
    child.on('error', (error) => logger.warn({ err: error }, 'the referee cannot be reached'))
    child.on('exit', (code) => {
      // One that ran for a while starts again soon.
      if (performance.now() - started > REFEREE_RESTART_MS_MAX) wait = REFEREE_RESTART_MS
      again({ code })
    })
    if (closed) child.kill('SIGKILL')
  }
  void start()
  return {
    close() {
      closed = true
      clearTimeout(timer)
      child?.kill('SIGKILL')
    },
  }
}
