// Structured logs: one JSON object a line on standard output, with the level as a word and the time in ISO 8601. What is
// logged is chosen by whoever logs; keys, tokens and headers are not to be among it, and are struck out if they are: by the
// names of fields, and in the whole line by what secrets look like.
import { pino, type DestinationStream, type Logger } from 'pino'
import type { LogLevel } from './setting-values.ts'
import { createStrikeOut } from './strike-out.ts'

export type { Logger } from 'pino'

const SECRETS = [
  'authorization',
  'x-forge-api-key',
  'apiKey',
  'adminToken',
  'metricsToken',
  'signingKey',
  'databaseUrl',
  'samplingKey',
  'secret',
  'previousSecret',
]

/** `destination` is for tests; without it the lines go to standard output. `secrets` are those of the configuration. */
export function createLogger(
  level: LogLevel,
  destination?: DestinationStream,
  secrets: readonly string[] = [],
): Logger {
  const struckOut = SECRETS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`])
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: struckOut, censor: '[not logged]' },
      hooks: { streamWrite: createStrikeOut(secrets) },
    },
    ...(destination === undefined ? [] : [destination]),
  )
}
