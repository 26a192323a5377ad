// A server in this process, on a free port and a temporary folder, with a client that holds its key. Everything that is
// opened through it is closed with it, agents before the server, in reverse order.
import { rm } from 'node:fs/promises'
import { startNodeAgent, type NodeAgent, type NodeAgentOptions } from '@forge/agent-node/node-agent.ts'
import { freshDataDir } from '../../scripts/machine/fresh-store.ts'
import { loadConfig } from '@forge/server/config.ts'
import { createLogger } from '@forge/server/logger.ts'
import { startServer, type RunningServer } from '@forge/server/server.ts'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import { API_KEY, clientOf, type Client } from './client.ts'
import { eventually } from './eventually.ts'
import { startAgentProcess, type Running } from './processes.ts'
import { openTab, type OpenBrowser, type Tab, type TabOptions } from './tabs.ts'

export interface Pool {
  readonly url: string
  readonly client: Client
  readonly server: RunningServer
  /** What the server logged, from warnings on. */
  readonly log: readonly string[]
  /** Opens tabs in one go and waits until each is ready for work. */
  tabs(browser: OpenBrowser, ...tabs: readonly TabOptions[]): Promise<Tab[]>
  /** Node agents, each with an identity of its own, ready for work. */
  agents(...agents: readonly Omit<NodeAgentOptions, 'url'>[]): Promise<NodeAgent[]>
  /** A Node agent as a process of its own, ready for work; `options` are its command line's. */
  agentProcess(...options: readonly string[]): Promise<Running>
  /** Closes every tab and agent but those named, and waits until the server has seen them go. */
  empty(...staying: readonly (Tab | NodeAgent)[]): Promise<void>
  close(): Promise<void>
}

/** `settings` are those of SPEC section 9; the referee is off unless they say `on`. */
export async function startPool(settings: Readonly<Record<string, string>> = {}): Promise<Pool> {
  const folder = await freshDataDir()
  const log: string[] = []
  const config = loadConfig({
    PORT: '0',
    FORGE_DATA_DIR: folder,
    FORGE_API_KEY: API_KEY,
    FORGE_REFEREE: 'off',
    FORGE_LOG_LEVEL: 'warn',
    ...settings,
  })
  const logger = createLogger(config.logLevel, { write: (line) => void log.push(line) })
  const server = await startServer(config, logger)
  if (config.referee) await eventually('the referee', () => server.hub.refereeOnline, Boolean)
  const { opened, closeAll } = openedList()
  const empty = async (...staying: readonly (Tab | NodeAgent)[]): Promise<void> => {
    await closeAll(staying)
    await eventually(
      'agents online',
      () => server.hub.agentsOnline,
      (agents) => agents === staying.length,
    )
  }
  return {
    url: server.url,
    client: clientOf(server.url, API_KEY),
    server,
    log,
    empty,
    async tabs(browser, ...wanted) {
      return Promise.all(
        wanted.map(async (options) => {
          const tab = await openTab(browser, server.url, options)
          opened.push({ who: tab, close: () => tab.close() })
          await tab.ready()
          return tab
        }),
      )
    },
    async agents(...wanted) {
      return Promise.all(
        wanted.map(async (options) => {
          const agent = await startNodeAgent({ url: server.url, ...options })
          opened.push({ who: agent, close: () => agent.stop() })
          await isReady(agent)
          return agent
        }),
      )
    },
    async agentProcess(...options) {
      const running = startAgentProcess(server.url, ...options)
      const close = async (): Promise<void> => {
        running.signal('SIGKILL')
        await running.exit
      }
      opened.push({ who: running, close })
      await eventually(
        'what the agent says',
        () => running.said.join(''),
        (said) => said.includes('No shard for this agent now'),
      )
      return running
    },
    async close() {
      await closeAll()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Tabs and agents, each with how it is closed. */
function openedList() {
  const opened: { readonly who: unknown; close(): Promise<void> }[] = []
  const closeAll = async (staying: readonly unknown[] = []): Promise<void> => {
    const all = opened.splice(0)
    opened.push(...all.filter(({ who }) => staying.includes(who)))
    await Promise.all(all.filter(({ who }) => !staying.includes(who)).map((one) => one.close()))
  }
  return { opened, closeAll }
}

/** Its self-test is done and the Hub knows. */
export const isReady = (agent: NodeAgent): Promise<AgentSnapshot> =>
  eventually(
    'the Node agent',
    () => agent.snapshot(),
    ({ state, connected }) => connected && (state === 'idle' || state === 'working'),
  )
