// Starts table-worker.ts in a thread. Plain JavaScript, because a fresh thread knows no TypeScript yet: tsx's hooks hold
// for the thread that registers them.
import { register } from 'tsx/esm/api'

register()
await import('./table-worker.ts')
