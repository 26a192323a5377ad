// What a person reads when the server has started: where it is, the key if it was made just now, and a curl command to
// paste. For the terminal, not for the log; a key is shown here once and nowhere again.
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'

export interface Started {
  /** Scheme, host and port as a client on this machine, or the public, writes them. */
  readonly url: string
  /** Made on this start; null when there was one, or FORGE_API_KEY gives it. */
  readonly madeKey: string | null
  readonly keyConfigured: boolean
}

export function startText({ url, madeKey, keyConfigured }: Started): string {
  return [
    `Forge Pool is at ${url}. Open it in a browser and press Start to lend this machine.`,
    '',
    ...keyLines(madeKey, keyConfigured),
    'Ask for a result:',
    '',
    `  curl -X POST ${url}/api/v0/ops/execute \\`,
    `    -H "Authorization: Bearer ${madeKey ?? '$FORGE_API_KEY'}" \\`,
    '    -H "Content-Type: application/json" \\',
    `    -d '${JSON.stringify(FOUNDING_REQUEST)}'`,
    '',
  ].join('\n')
}

/** What to write in a URL for an address to listen on. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

function keyLines(madeKey: string | null, keyConfigured: boolean): string[] {
  if (madeKey !== null) {
    return ['The default project’s key, made now and not shown again. Keep it:', '', `  ${madeKey}`, '']
  }
  if (keyConfigured) return ['The default project’s key is the one in FORGE_API_KEY.', '']
  return [
    'The default project’s key is the one that the first start printed; put it in FORGE_API_KEY for the command.',
    '',
  ]
}
