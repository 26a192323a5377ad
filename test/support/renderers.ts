// Freezing a tab for real. Chromium's own "frozen" state stops a page's timers and leaves its workers running, which are
// all that matters here; a stopped process stops them all, as the sleep of a machine does.
import { readdir, readFile } from 'node:fs/promises'
import type { OpenBrowser } from './tabs.ts'
import { eventually } from './eventually.ts'

/** Returns, at each call, the one process that has come to run a tab's workers since the last call. Linux only. */
export async function rendererFinder(browser: OpenBrowser): Promise<() => Promise<number>> {
  const session = await browser.newBrowserCDPSession()
  const known = new Set<number>()
  return async () => {
    const [pid] = await eventually(
      'the tab’s process',
      async () => {
        const { processInfo } = await session.send('SystemInfo.getProcessInfo')
        const fresh = processInfo.filter(({ type, id }) => type === 'renderer' && !known.has(id)).map(({ id }) => id)
        const working = await Promise.all(fresh.map((id) => hasWorkers(id)))
        return fresh.filter((_, n) => working[n])
      },
      (found) => found.length === 1,
    )
    if (pid === undefined) throw new Error('no tab has come')
    known.add(pid)
    return pid
  }
}

/** A browser may keep a process ready for the next tab; it has no workers yet. */
async function hasWorkers(pid: number): Promise<boolean> {
  try {
    const threads = await readdir(`/proc/${pid}/task`)
    const names = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8')))
    return names.some((name) => name.startsWith('DedicatedWorker'))
  } catch {
    // It has ended meanwhile.
    return false
  }
}

/** Stops the process for as long as `meanwhile` takes, whatever becomes of it. */
export async function frozenTab(pid: number, meanwhile: () => Promise<void>): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  try {
    await meanwhile()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}
