// How a webhook stands: one failed delivery is no alarm, nearly as many as disable it are.
import { GIVEN_UP_MAX } from '@forge/shared/contract/webhook-rules.ts'
import type { Schema } from '../api.ts'

export type Webhook = Schema<'ListWebhooksAnswer'>['webhooks'][number]

export type Standing = 'enabled' | 'unsure' | 'failing' | 'disabled'

/** So few more that are given up would disable it. */
const NEAR = 2

export function standingOf({
  enabled,
  failing_since,
  failed_deliveries,
}: Pick<Webhook, 'enabled' | 'failing_since' | 'failed_deliveries'>): Standing {
  if (!enabled) return 'disabled'
  if (failing_since === null) return 'enabled'
  return failed_deliveries >= GIVEN_UP_MAX - NEAR ? 'failing' : 'unsure'
}
