// `pnpm audit` for CI: asks the registry which packages have known vulnerabilities. High and critical ones of what the product
// runs on fail, unless they are on the list below with a reason; those of the tools that build and test it are told and fail
// nothing, since nobody outside reaches them. Where the registry does not answer the question, which mirrors often do not,
// that is said and nothing is claimed.
import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/** An advisory that was looked at and does not concern us. It goes when the package is updated: see `unused`. */
export interface Accepted {
  /** As `GHSA-xxxx-xxxx-xxxx`. */
  readonly advisory: string
  /** Why it cannot be used against us, for whoever reviews the list. */
  readonly reason: string
}

export const ACCEPTED: readonly Accepted[] = []

export type Outcome =
  | { readonly is: 'clean'; readonly accepted: readonly string[]; readonly unused: readonly string[] }
  | { readonly is: 'vulnerable'; readonly found: readonly string[] }
  | { readonly is: 'unknown'; readonly why: string }

const SEVERE: ReadonlySet<string> = new Set(['high', 'critical'])

const advisorySchema = z.object({
  github_advisory_id: z.string().nullish(),
  module_name: z.string(),
  severity: z.string(),
  title: z.string(),
  patched_versions: z.string().nullish(),
  url: z.string().nullish(),
})
/** What pnpm prints with --json. One of both is there; anything else is no answer. */
const answerSchema = z.union([
  z.object({ error: z.object({ code: z.string(), message: z.string() }) }),
  z.object({ advisories: z.record(z.string(), advisorySchema) }),
])

/** Of what `pnpm audit --json` printed on standard output. */
export function outcomeOf(printed: string, accepted: readonly Accepted[]): Outcome {
  const answer = answerSchema.safeParse(jsonOf(printed))
  if (!answer.success) return { is: 'unknown', why: `it printed no answer: ${printed.trim().slice(0, 200)}` }
  if ('error' in answer.data) return { is: 'unknown', why: `${answer.data.error.code}: ${answer.data.error.message}` }
  const severe = Object.entries(answer.data.advisories)
    .filter(([, { severity }]) => SEVERE.has(severity))
    .map(([number, advisory]) => ({ ...advisory, id: advisory.github_advisory_id ?? number }))
  const known = new Set(accepted.map(({ advisory }) => advisory))
  const found = severe.filter(({ id }) => !known.has(id))
  if (found.length > 0) {
    const line = ({ id, severity, module_name, title, patched_versions, url }: (typeof found)[number]): string =>
      `${severity}: ${module_name}: ${title} (${id}; fixed in ${patched_versions ?? 'no version'}) ${url ?? ''}`.trim()
    return { is: 'vulnerable', found: found.map(line) }
  }
  const ids = new Set(severe.map(({ id }) => id))
  return {
    is: 'clean',
    accepted: accepted
      .filter(({ advisory }) => ids.has(advisory))
      .map(({ advisory, reason }) => `${advisory}: ${reason}`),
    unused: [...known].filter((id) => !ids.has(id)),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface Audited {
  /** Of `pnpm audit`. */
  readonly flag: '--prod' | '--dev'
  readonly what: string
  readonly mayFail: boolean
  readonly accepted: readonly Accepted[]
}
export const PRODUCT: Audited = { flag: '--prod', what: 'what the product runs on', mayFail: true, accepted: ACCEPTED }
export const TOOLS: Audited = { flag: '--dev', what: 'the tools that build and test it', mayFail: false, accepted: [] }

/** Lines to print, and whether CI must stop. */
export function told(
  outcome: Outcome,
  { what, mayFail }: Audited,
): { readonly lines: readonly string[]; readonly fails: boolean } {
  switch (outcome.is) {
    case 'unknown':
      return {
        lines: [`NOT AUDITED: the registry did not say what is vulnerable in ${what}.`, outcome.why],
        fails: false,
      }
    case 'vulnerable': {
      const help = mayFail
        ? 'Update the package, or accept the advisory in scripts/audit.ts with the reason why it cannot be used.'
        : `This is in ${what}, and fails nothing: update the package when you can.`
      return { lines: [...outcome.found, help], fails: mayFail }
    }
    case 'clean':
      return {
        lines: [
          `No high or critical vulnerability is known in ${what}.`,
          ...outcome.accepted.map((line) => `accepted ${line}`),
          ...outcome.unused.map((id) => `${id} is accepted and is found no more: take it off the list.`),
        ],
        fails: false,
      }
  }
}

/** Beyond this the registry is as good as silent. */
const TIMEOUT_MS = 60_000

function main(): void {
  for (const audited of [PRODUCT, TOOLS]) {
    const { lines, fails } = told(audit(audited), audited)
    for (const line of lines) console.log(line)
    if (fails) process.exitCode = 1
  }
}

function audit({ flag, accepted }: Audited): Outcome {
  const { stdout, error } = spawnSync(
    'npx',
    ['--yes', 'pnpm@10.34.9', 'audit', '--audit-level', 'high', flag, '--json'],
    { encoding: 'utf8', timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  )
  return error ? { is: 'unknown', why: error.message } : outcomeOf(stdout, accepted)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
