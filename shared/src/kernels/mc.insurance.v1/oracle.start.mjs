// Starts oracle-thread.case.ts in a thread. It is plain JavaScript because a fresh thread knows no TypeScript yet: tsx's
// hooks hold for the thread that registers them, and `--import tsx` registers none in a worker of Node 20.
import { register } from 'tsx/esm/api'

register()
await import('./oracle-thread.case.ts')
