// The referee: a trusted agent in a process of its own, so that its work neither slows the server nor shares its fate.
// It lives as long as the server that started it: when their channel closes, it ends.
import { startNodeAgent } from '@forge/agent-node/node-agent.ts'

const [, , url] = process.argv
const token = process.env['FORGE_AGENT_TOKEN']
if (url === undefined || token === undefined) throw new Error('usage: referee-process URL, with FORGE_AGENT_TOKEN')
process.on('disconnect', () => process.exit(0))
// It may have closed while this file was still being read.
if (!process.connected) process.exit(0)
// The server stops it; a terminal's Ctrl-C reaches the whole group and must not end it first.
process.on('SIGINT', () => undefined)
const agent = await startNodeAgent({ url, engine: 'wasm', threads: 0, token, name: 'referee' })
await agent.ended
process.exit(1)
