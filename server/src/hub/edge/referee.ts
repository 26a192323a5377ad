// Starts the referee's process and starts it again when it ends.
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from '../../logger.ts'
import { bearsTypeScript } from '../../typescript-process.ts'
import { REFEREE_RESTART_MS, REFEREE_RESTART_MS_MAX } from './limits.ts'

export interface Referee {
  close(): void
}

export function startReferee(url: string, token: string, logger: Logger): Referee {
  let child: ChildProcess | undefined
  let closed = false
  let wait: number = REFEREE_RESTART_MS
  let timer: ReturnType<typeof setTimeout> | undefined
  const start = (): void => {
    const started = performance.now()
    child = fork(fileURLToPath(new URL('./referee-process.ts', import.meta.url)), [url], {
      ...bearsTypeScript,
      // Nothing that the server keeps secret: this process reads what comes over the network.
      env: { PATH: process.env['PATH'], FORGE_AGENT_TOKEN: token },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.on('exit', (code) => {
      if (closed) return
      // One that ran for a while starts again soon.
      if (performance.now() - started > REFEREE_RESTART_MS_MAX) wait = REFEREE_RESTART_MS
      logger.warn({ code, again_ms: wait }, 'the referee ended and starts again')
      timer = setTimeout(start, wait)
      wait = Math.min(wait * 2, REFEREE_RESTART_MS_MAX)
    })
  }
  start()
  return {
    close() {
      closed = true
      clearTimeout(timer)
      child?.kill('SIGKILL')
    },
  }
}
