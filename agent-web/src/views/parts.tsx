// Small pieces that every part of the page is made of: glyphs, sections, checkboxes, and buttons that say why they do nothing.
import type { ComponentChildren } from 'preact'

export type Glyph = 'queued' | 'running' | 'verifying' | 'completed' | 'failed' | 'stopped' | 'idle'
export type Tone = 'is-now' | 'is-ok' | 'is-check' | 'is-bad' | 'is-void'

export const Icon = ({ glyph, tone }: { glyph: Glyph; tone?: Tone | undefined }) => (
  <svg class={tone ? `g ${tone}` : 'g'} aria-hidden="true">
    <use href={`#${glyph}`} />
  </svg>
)

interface SectionProps {
  readonly id: string
  readonly head: string
  readonly aside?: string | undefined
  readonly children: ComponentChildren
}

export const Section = ({ id, head, aside, children }: SectionProps) => (
  <section class="sec" aria-labelledby={`${id}-head`}>
    <h2>
      <b id={`${id}-head`}>{head}</b>
      {aside && <span>{aside}</span>}
    </h2>
    {children}
  </section>
)

interface CheckProps {
  readonly label: string
  readonly checked: boolean
  readonly disabled?: boolean
  set(checked: boolean): void
}

export const Check = ({ label, checked, disabled = false, set }: CheckProps) => (
  <label class="chk">
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={({ currentTarget }) => set(currentTarget.checked)}
    />
    {label}
  </label>
)

interface ButtonProps {
  readonly enabled: boolean
  readonly main?: boolean
  readonly small?: boolean
  /** The id of the element that says why it does nothing. */
  readonly why?: string
  act(): void
  readonly children: string
}

/** It stays where the keyboard can reach it, because whoever cannot press it wants to know why. */
export const Button = ({ enabled, main = false, small = false, why, act, children }: ButtonProps) => (
  <button
    type="button"
    class={['btn', main && 'main', small && 'small'].filter(Boolean).join(' ')}
    aria-disabled={enabled ? 'false' : 'true'}
    aria-describedby={why}
    onClick={enabled ? act : undefined}
  >
    {children}
  </button>
)

/** In groups of eight, so that two can be compared by eye. */
export const DigestText = ({ digest }: { digest: string }) => (
  <code class="dg" aria-label={digest}>
    {(digest.match(/.{8}/g) ?? []).map((group, i) => (
      <span key={i}>{group}</span>
    ))}
  </code>
)
