// `pnpm agent`: a Node agent on the command line. It works until it is told to stop; SIGTERM and SIGINT hand its shards
// back, a second signal ends it at once.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { identityFromKeys, newIdentityKeys } from '@forge/shared/agent/identity.ts'
import type { AgentSnapshot } from '@forge/shared/agent/snapshot.ts'
import { comingBack } from './come-back.ts'
import { defaultIdentityFile, identityFromFile } from './identity-file.ts'
import type { NodeEngineChoice } from './engines.ts'
import { startNodeAgent, type NodeAgentOptions } from './node-agent.ts'
import { tokenOf } from './token.ts'

const HELP = `Lends this machine to a Forge Pool.

  pnpm agent --url http://127.0.0.1:8080

  --url URL         the pool's address (default http://127.0.0.1:8080)
  --engine NAME     wasm, webgpu (on this machine's driver for Vulkan, Metal or Direct3D 12),
                    auto (webgpu on a real GPU, else wasm) or reference (default wasm)
  --threads N       worker threads, for all but webgpu (default: half the cores)
  --identity FILE   the key that says who this machine is, made when missing
                    (default ${defaultIdentityFile(process.env)})
  --ephemeral       a fresh key instead, forgotten at the end
  --token TOKEN     a node token (ntk_...), which says whose agent this is and for which pool; better in the
                    environment as FORGE_AGENT_TOKEN, where no list of processes shows it
  --name TEXT       how the pool's pages call this agent
  --help            this text

An agent that is quarantined asks every few minutes whether it may come back.

SIGINT (Ctrl-C) or SIGTERM hands its shards back and ends; a second one ends at once.`

const THREADS_MAX = 256

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      engine: { type: 'string', default: 'wasm' },
      threads: { type: 'string', default: String(Math.max(1, Math.floor(availableParallelism() / 2))) },
      identity: { type: 'string' },
      ephemeral: { type: 'boolean', default: false },
      token: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(HELP)
  const identityFile = values.identity ?? defaultIdentityFile(process.env)
  const options: NodeAgentOptions = {
    url: originOf(values.url),
    engine: engineOf(values.engine),
    threads: threadsOf(values.threads),
    // Made once: a fresh key at each return would be a way around a quarantine.
    identity: values.ephemeral ? identityFromKeys(await newIdentityKeys()) : await identityFromFile(identityFile),
    token: tokenOf(values.token, process.env),
    name: values.name,
    onSnapshot: teller(),
  }

  const leaving = new AbortController()
  const leave = (): void => {
    if (leaving.signal.aborted) process.exit(1)
    leaving.abort()
  }
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)
  const say = (line: string): void => console.log(line)
  const last = await comingBack({ start: () => startNodeAgent(options), leave: leaving.signal, say })
  process.exit(last.state === 'stopped' || last.sentAway ? 0 : 1)
}

/** A line when the state changes, not one for every shard. */
function teller(): (snapshot: AgentSnapshot) => void {
  let last = ''
  let refused: string | undefined
  return ({ state, why, engine, lanes, lastRefusal }) => {
    const on = engine === undefined ? '' : ` on ${engine}, ${lanes} ${lanes === 1 ? 'thread' : 'threads'}`
    const line = `${state}${on}${why === '' ? '' : `: ${why}`}`
    if (line !== last) console.log(line)
    last = line
    // Once, when it comes; the sentence that ends an agent is its state's already.
    if (lastRefusal !== undefined && lastRefusal !== refused && lastRefusal !== why) {
      console.log(`The pool said: ${lastRefusal}`)
    }
    refused = lastRefusal
  }
}

function originOf(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin
  throw new Error(`--url must be an address like http://127.0.0.1:8080, not ${text}`)
}

const ENGINES: readonly NodeEngineChoice[] = ['wasm', 'webgpu', 'auto', 'reference']

function engineOf(text: string): NodeEngineChoice {
  const engine = ENGINES.find((name) => name === text)
  if (engine !== undefined) return engine
  throw new Error(`--engine must be wasm, webgpu, auto or reference, not ${text}`)
}

function threadsOf(text: string): number {
  const threads = Number(text)
  if (Number.isInteger(threads) && threads >= 0 && threads <= THREADS_MAX) return threads
  throw new Error(`--threads must be a whole number up to ${THREADS_MAX}, not ${text}`)
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
