// Which engines work here and why the others do not, and how this agent stands with the pool.
import { ENGINE_LABELS, type EngineReport } from '@forge/shared/agent/engine-host.ts'
import { AGENT, FACTS, TESTS } from '../text.ts'
import { Kinds } from './choices.tsx'
import { engineText } from './head.tsx'
import type { PageProps } from './page-props.ts'
import { Icon, Section, type Glyph, type Tone } from './parts.tsx'

const LOOKS: Record<EngineReport['outcome'] | 'waiting' | 'ended', readonly [Glyph, Tone]> = {
  running: ['running', 'is-now'],
  passed: ['completed', 'is-ok'],
  refused: ['failed', 'is-bad'],
  absent: ['stopped', 'is-void'],
  waiting: ['queued', 'is-void'],
  ended: ['stopped', 'is-void'],
}

export function Tests({ tab, options }: PageProps) {
  const possible = options.engine ? [options.engine] : (['webgpu', 'wasm'] as const)
  return (
    <Section id="test" head={TESTS.head} aside={TESTS.aside}>
      <ul class="tests">
        {possible.map((engine) => {
          const report = tab.selfTests.find((one) => one.engine === engine)
          // An agent that was refused leaves its test where it was.
          const isEnded = report?.outcome === 'running' && !tab.running
          const outcome = isEnded ? 'ended' : (report?.outcome ?? 'waiting')
          const [glyph, tone] = LOOKS[outcome]
          return (
            <li key={engine} data-engine={engine} data-outcome={outcome}>
              <b>{ENGINE_LABELS[engine]}</b>
              <span class={`st ${tone}`}>
                <Icon glyph={glyph} />
                {TESTS.words[outcome]}
              </span>
              <span class="cap">{isEnded ? TESTS.ended : (report?.detail ?? TESTS.waiting)}</span>
            </li>
          )
        })}
      </ul>
      <p class="cap">{TESTS.note}</p>
    </Section>
  )
}

export function Agent(page: PageProps) {
  const { tab, options, holder } = page
  const pool = holder !== undefined && 'pool' in holder ? (holder.pool ?? AGENT.forAll) : AGENT.ofLink
  return (
    <Section id="agent" head={AGENT.head}>
      <dl class="facts-list">
        <div>
          <dt>{AGENT.engine}</dt>
          <dd id="engine">{engineText(tab)}</dd>
        </div>
        <div>
          <dt>{AGENT.connection}</dt>
          <dd id="connection">{tab.connected ? AGENT.connected : AGENT.none}</dd>
        </div>
        <div>
          <dt>{AGENT.pool}</dt>
          <dd>{options.token ? pool : AGENT.forAll}</dd>
        </div>
        <div>
          <dt>{AGENT.refusal}</dt>
          <dd id="refusal">{tab.lastRefusal ?? AGENT.none}</dd>
        </div>
        <div>
          <dt>{FACTS.kinds}</dt>
          <dd>
            <Kinds {...page} />
          </dd>
        </div>
      </dl>
    </Section>
  )
}
