// The webhooks' part of the store on an engine: which query each method runs, and what is one transaction.
import type { Engine } from './engine.ts'
import {
  claimDeliveries,
  deliveriesOf,
  dropDeliveries,
  putTestDelivery,
  recordAttempt,
  redeliver,
} from './queries/webhook-deliveries.ts'
import {
  deleteWebhook,
  insertWebhook,
  rotateSecret,
  updateWebhook,
  webhookById,
  webhooksOf,
} from './queries/webhooks.ts'
import type { WebhookStore } from './webhook-store.ts'

export function createWebhooks(engine: Engine): WebhookStore {
  return {
    insertWebhook: (hook, most, actor) => engine.transaction((db) => insertWebhook(db, hook, most, actor)),
    webhook: (projectId, id) => engine.run((db) => webhookById(db, projectId, id)),
    webhooks: (projectId, page) => engine.run((db) => webhooksOf(db, projectId, page)),
    updateWebhook: (projectId, id, change, nowMs, actor) =>
      engine.transaction((db) => updateWebhook(db, projectId, id, change, { nowMs, actor })),
    rotateWebhookSecret: (projectId, id, secret, previousUntilMs, nowMs, actor) =>
      engine.transaction((db) => rotateSecret(db, projectId, id, secret, { previousUntilMs, nowMs, actor })),
    deleteWebhook: (projectId, id, actor) => {
      const nowMs = Date.now()
      return engine.transaction((db, attempt) => deleteWebhook(db, projectId, id, { attempt, nowMs, actor }))
    },

    webhookDeliveries: (projectId, id, page) => engine.run((db) => deliveriesOf(db, projectId, id, page)),
    putTestDelivery: (projectId, id, eventId, nowMs, most) =>
      engine.transaction((db) => putTestDelivery(db, { projectId, id, eventId, nowMs, most })),
    redeliver: (projectId, id, eventId, nowMs) =>
      engine.transaction((db) => redeliver(db, projectId, id, eventId, nowMs)),

    claimDeliveries: (nowMs, bounds) => engine.transaction((db) => claimDeliveries(db, nowMs, bounds)),
    recordAttempt: (claim, result) => engine.transaction((db) => recordAttempt(db, claim, result)),
    dropDeliveries: (endedBeforeMs) => engine.transaction((db) => dropDeliveries(db, endedBeforeMs)),
  }
}
