// The webhooks of a running server: where they may lead, and whoever sends to them.
import type { WebhookConfig } from '../config.ts'
import { startDeliverer, type DelivererDeps, type Deliverer } from './deliverer.ts'
import { createTargets, type Targets } from './targets.ts'

export interface WebhooksOptions extends Pick<DelivererDeps, 'store' | 'logger'> {
  readonly config: WebhookConfig
}

export function startWebhooks({ store, logger, config }: WebhooksOptions): Deliverer & Pick<Targets, 'refusalOf'> {
  const { allowPrivate, days } = config
  const targets = createTargets({ allowPrivate })
  const deliverer = startDeliverer({ store, targets, logger, days, clock: Date.now, chance: Math.random })
  return { ...deliverer, refusalOf: targets.refusalOf }
}
