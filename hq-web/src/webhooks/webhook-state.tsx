// Whether a webhook is told, as word, colour and shape, and why not.
import { age } from '../format.ts'
import { Said, type GlyphName, type Tone } from '../parts/glyph.tsx'
import { webhookWords as say } from '../words/webhooks.ts'
import { standingOf, type Standing, type Webhook } from './standing.ts'

const LOOKS: Readonly<Record<Standing, readonly [GlyphName, Tone]>> = {
  enabled: ['completed', 'ok'],
  unsure: ['verifying', 'check'],
  failing: ['failed', 'bad'],
  disabled: ['cancelled', 'void'],
}

export function WebhookState({ of, now }: { of: Webhook; now: number }) {
  const { disabled, failing_since: since, failed_deliveries: given } = of
  const is = standingOf(of)
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
