// The agent of a tab, in a worker of its own so that a hidden or busy page never slows its socket down. It takes orders
// from the page and tells it what happens.
import { socketLink, httpTables } from '@forge/shared/agent/link.ts'
import { startRunner, type Runner } from '@forge/shared/agent/runner.ts'
import { AGENT_LIMITS } from '@forge/shared/contract/agent-events.ts'
import { io } from 'socket.io-client'
import { tabEngines, type TabEngines } from './engines.ts'
import { profileIdentity } from './identity-store.ts'
import type { AgentOptions, FromAgent, ToAgent } from './messages.ts'
import { countTraffic } from './traffic.ts'

const tell = (message: FromAgent): void => self.postMessage(message)

let engines: TabEngines | undefined

async function start(options: AgentOptions): Promise<Runner> {
  const { origin } = self.location
  const tables = httpTables(origin)
  const socket = io(origin, { transports: ['websocket'], reconnection: false, autoConnect: false })
  const bytes = countTraffic(socket)
  const tab = tabEngines(options)
  engines = tab
  const runner = startRunner({
    link: socketLink(socket),
    tables,
    engines: (changed) => tab.choice(tables, changed),
    identity: await profileIdentity(),
    kind: 'browser',
    token: options.token,
    name: options.name?.slice(0, AGENT_LIMITS.nameCharactersMax),
    onSnapshot: (snapshot) => tell({ type: 'snapshot', snapshot, bytes: bytes() }),
  })
  void runner.ended.then(() => tell({ type: 'ended' }))
  return runner
}

let runner: Promise<Runner> | undefined

self.onmessage = ({ data }: MessageEvent<ToAgent>) => {
  switch (data.type) {
    case 'start':
      runner ??= start(data.options)
      return
    case 'shares':
      return engines?.setShares(data.shares)
    case 'finish':
      return void runner?.then((started) => started.finish())
    case 'stop':
      return void runner?.then((started) => started.stop())
  }
}
