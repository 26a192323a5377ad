// What a project without agents of its own is shown: how a tab and a machine become its own, ready to be pasted.
import { Copy } from '../parts/copy.tsx'
import { Link } from '../router.tsx'
import { words } from '../words.ts'

const POOL = 'in-house'
const TOKEN = 'ntk_…'

const curl = (path: string, body: object): string =>
  `curl -X POST ${location.origin}${path} \\\n  -H "Authorization: Bearer $FORGE_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(body)}'`

const making = (): string =>
  [curl('/api/v0/pools', { name: POOL }), curl('/api/v0/node-tokens', { name: 'rack 7', pool: POOL })].join('\n')
const node = (): string => `FORGE_AGENT_TOKEN=${TOKEN} \\\n  npx --yes pnpm@10.34.9 agent --url ${location.origin}`
const tab = (): string => `${location.origin}/?pool=${POOL}#token=${TOKEN}`

export function BringAgents() {
  const { title, lead, how, tab: tabTitle, tabNote, node: nodeTitle, open, pools } = words.agents.empty
  return (
    <section class="empty">
      <div>
        <h2>{title}</h2>
        <p>{lead}</p>
        <p class="acts">
          <Link class="btn main" to="/pools">
            {pools}
          </Link>
          <a class="btn" href="/">
            {open}
          </a>
        </p>
      </div>
      <ol class="bring">
        <Step title={tabTitle} text={tab()} note={tabNote} />
        <Step title={nodeTitle} text={node()} />
        <Step title={how} text={making()} />
      </ol>
    </section>
  )
}

function Step({ title, text, note }: { title: string; text: string; note?: string }) {
  return (
    <li>
      <h3>
        {title} <Copy text={text} what={title} />
      </h3>
      <pre tabIndex={0} role="region" aria-label={title}>
        <code>{text}</code>
      </pre>
      {note !== undefined && <p class="cap">{note}</p>}
    </li>
  )
}
