// A thread that kills its own process when one step burns too much of the CPU: what loops without end blocks the thread
// that would have to notice. The CPU's time and not the clock's, which tells more of who else uses the machine.
// Plain JavaScript, because a fresh thread knows no TypeScript yet.
import { workerData } from 'node:worker_threads'

const { steps, cpuMsMax } = workerData
let step = -1
let since = 0

setInterval(() => {
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1000
  const now = Atomics.load(steps, 0)
  if (now !== step) since = cpuMs
  step = now
  if (cpuMs - since > cpuMsMax) process.kill(process.pid, 'SIGALRM')
}, 100)
