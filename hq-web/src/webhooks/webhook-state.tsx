// Whether a webhook is told, as word, colour and shape, and why not.
import type { Schema } from '../api.ts'
import { age } from '../format.ts'
import { Said, type GlyphName, type Tone } from '../parts/glyph.tsx'
import { webhookWords as say } from '../words/webhooks.ts'

export type Webhook = Schema<'ListWebhooksAnswer'>['webhooks'][number]

type Is = keyof typeof say.states

const LOOKS: Readonly<Record<Is, readonly [GlyphName, Tone]>> = {
  enabled: ['completed', 'ok'],
  failing: ['failed', 'bad'],
  disabled: ['cancelled', 'void'],
}

export function WebhookState({ of, now }: { of: Webhook; now: number }) {
  const { enabled, disabled, failing_since: since, failed_deliveries: given } = of
  const is: Is = !enabled ? 'disabled' : since === null ? 'enabled' : 'failing'
  const [glyph, tone] = LOOKS[is]
  const why =
    disabled !== null
      ? say.reasons[disabled.reason]
      : since === null
        ? null
        : say.failing(age(now - Date.parse(since)), given)
  return (
    <>
      <Said glyph={glyph} tone={tone}>
        {say.states[is]}
      </Said>
      {why !== null && <span class="cap">{why}</span>}
    </>
  )
}
