// The two clocks of a sample in Node. CPU time is the whole process's, which is the thread's own while the others wait.
import type { Answer } from './answer.ts'

export function startClocks(): () => Pick<Answer, 'seconds' | 'cpuSeconds'> {
  const start = performance.now()
  const cpu = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: (performance.now() - start) / 1e3, cpuSeconds: (user + system) / 1e6 }
  }
}
