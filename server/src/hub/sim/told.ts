// One event of the simulated world as one line: when, what the Hub heard, and what it decided, in short.
import type { HubCommand, HubEvent } from '../core/events.ts'
import type { HubState } from '../core/state.ts'

export function toldEvent(event: HubEvent, commands: readonly HubCommand[], hub: HubState): string {
  const decided = commands.flatMap((command) => toldCommand(command, hub) ?? [])
  return `${whatOf(event)}${decided.length > 0 ? ` -> ${decided.join('; ')}` : ''}`
}

function whatOf(event: HubEvent): string {
  const session = 'session' in event ? ` ${event.session}` : ''
  switch (event.type) {
    case 'job-planned':
      return `${event.type} ${event.job.id} ${event.state}, ${event.submissions.length} answers`
    case 'agent-joined':
      return `${event.type} ${event.agent.session}`
    case 'standings':
      return `${event.type} ${event.identity} ${event.rows.map(({ engine, valid }) => `${engine} ${valid}`).join(' ')}`
    case 'agent-ready':
      return `${event.type}${session} ${event.ability.engine}`
    case 'answer':
      return `${event.type}${session} ${event.assignmentId} ${listed(event.shards.map(({ shard }) => shard))}`
    case 'stored':
    case 'store-failed':
      return `${event.type} ${event.submissions[0]?.executor} ${listed(event.submissions.map(({ shard }) => shard))}`
    case 'shard-failed':
    case 'shard-contradicted':
      return `${event.type}${session} ${event.assignmentId} ${event.shard}`
    case 'handback':
      return `${event.type}${session} ${event.assignmentId}`
    case 'job-ended':
    case 'job-cancelled':
    case 'pass-planned':
    case 'pass-failed':
      return `${event.type} ${event.jobId}`
    default:
      return `${event.type}${session}`
  }
}

function toldCommand(command: HubCommand, hub: HubState): string | null {
  switch (command.type) {
    case 'assign': {
      const role = hub.agents.get(command.session)?.leases.get(command.order.assignmentId)?.role ?? 'gone'
      const { assignmentId, shards } = command.order
      return `${role} ${assignmentId} to ${command.session}: ${command.jobId} ${listed(shards)}`
    }
    case 'revoke':
      return `revoke ${command.assignmentId} of ${command.session}`
    case 'reply':
      return command.reply.ok ? 'reply ok' : `refuse ${command.reply.code}`
    case 'store':
      return `store ${command.submissions.length} of ${command.session}`
    case 'write': {
      const { voids = [], quarantines = [], releases = [], standings = [] } = command.writes
      const kinds = { voids, quarantines, releases, standings }
      const told = Object.entries(kinds).flatMap(([kind, { length }]) => (length > 0 ? [`${length} ${kind}`] : []))
      return `write ${told.join(', ')}${quarantines.map(({ identity }) => `, expose ${identity}`).join('')}`
    }
    case 'expel':
      return `expel ${command.session}`
    case 'job-state':
      return `${command.jobId} ${command.state}`
    case 'refine':
      return `refine ${command.jobId}`
    case 'complete':
      return `complete ${command.jobId} ${command.record.status}, ${command.record.checked} checked`
    case 'cancel':
      return `cancel ${command.jobId}`
    case 'fail':
      return `fail ${command.jobId} ${command.code}: ${command.detail}`
    case 'tally':
      return null
  }
}

/** Shards in short: 0-3,7. */
function listed(shards: readonly number[]): string {
  const runs: [number, number][] = []
  for (const shard of shards) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] + 1 === shard) last[1] = shard
    else runs.push([shard, shard])
  }
  return `[${runs.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(',')}]`
}
