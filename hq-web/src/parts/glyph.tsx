// The shapes of the page's own drawing, and a state as shape, colour and word together.
import { words } from '../words.ts'

export type GlyphName = 'queued' | 'running' | 'verifying' | 'completed' | 'failed' | 'cancelled'

export const Glyph = ({ name }: { name: GlyphName | 'logo' }) => (
  <svg class="g" aria-hidden="true">
    <use href={`#${name}`} />
  </svg>
)

export type JobState = keyof typeof words.states

const LOOKS: Readonly<Record<JobState, readonly [GlyphName, Tone]>> = {
  QUEUED: ['queued', 'void'],
  RUNNING: ['running', 'now'],
  VERIFYING: ['verifying', 'check'],
  COMPLETED: ['completed', 'ok'],
  FAILED: ['failed', 'bad'],
  CANCELLED: ['cancelled', 'void'],
}

export type Tone = 'now' | 'ok' | 'check' | 'bad' | 'void'

export const toneOf = (state: JobState): Tone => LOOKS[state][1]

export const State = ({ of }: { of: JobState }) => (
  <Said glyph={LOOKS[of][0]} tone={LOOKS[of][1]}>
    {words.states[of]}
  </Said>
)

export const Said = ({ glyph, tone, children }: { glyph: GlyphName; tone: Tone; children: string }) => (
  <span class={`st is-${tone}`}>
    <Glyph name={glyph} />
    {children}
  </span>
)
