// A tab that nobody looks at. Playwright makes every page that it attaches to believe that it is seen, so this one is opened
// beside it, in a window of its own that is minimised, and spoken to by the browser's protocol alone.
import type { OpenBrowser } from './tabs.ts'

export interface RawTab {
  /** What an expression, or its promise, comes to. */
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}

export async function openRawTab(browser: OpenBrowser, url: string, hidden: boolean): Promise<RawTab> {
  const session = await browser.newBrowserCDPSession()
  const { targetId } = await session.send('Target.createTarget', {
    url,
    newWindow: true,
    windowState: hidden ? 'minimized' : 'normal',
  })
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false })
  const waiting = new Map<number, (value: unknown) => void>()
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message)
    waiting.get(id)?.(result?.result?.value)
    waiting.delete(id)
  })
  let last = 0
  return {
    async evaluate(expression) {
      const id = (last += 1)
      const answer = new Promise<unknown>((resolve) => waiting.set(id, resolve))
      const params = { expression, awaitPromise: true, returnByValue: true }
      const message = JSON.stringify({ id, method: 'Runtime.evaluate', params })
      await session.send('Target.sendMessageToTarget', { sessionId, message })
      return answer
    },
    async close() {
      await session.send('Target.closeTarget', { targetId })
      await session.detach()
    },
  }
}
