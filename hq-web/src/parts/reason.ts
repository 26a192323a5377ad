// Why a job waits, as a person would say it. The Hub's own words name fields of the policy; those that are not known here stay as
// they are, as a sentence.
import { words } from '../words.ts'

const WAITS = /^waiting for agents: (\d+) of min_agents (\d+) are online with an engine for target "(\w+)"(.*)$/
const NOBODY = /^no agent with an engine for target "(\w+)" is online(.*)$/

const STILL = /^At the deadline the job was still (waiting for agents: .*)\.$/

/** Of a job that waits, or of what it failed for. */
export function reasonText(reason: string): string {
  const [, waited] = STILL.exec(reason) ?? []
  if (waited !== undefined) return words.reasons.still(reasonText(waited))
  const { waits, nobody, engines } = words.reasons
  const engineOf = (target: string): string => engines[target] ?? ''
  const [, online, needed = '', target = '', where = ''] = WAITS.exec(reason) ?? []
  if (online !== undefined) return waits(online, needed, engineOf(target) + plain(where))
  const [, only, place = ''] = NOBODY.exec(reason) ?? []
  if (only !== undefined) return nobody(engineOf(only) + plain(place))
  const said = reason.slice(0, 1).toUpperCase() + reason.slice(1)
  return /[.!?]$/.test(said) ? said : `${said}.`
}

/** ` in pool "in-house" in region "west"` without its quotes. */
const plain = (where: string): string => where.replaceAll('"', '')
