// The one place that reads the environment: every setting of SPEC section 9 with its default, its meaning and its check.
// A bad value or an unknown FORGE_ name is refused with a sentence, all of them at once; what is done with the settings
// is the business of main.ts.
import { isIP } from 'node:net'
import { secretKeyOf } from './receipt/signing-key.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface Config {
  readonly port: number
  readonly host: string
  /** Null: the embedded store under `dataDir`. */
  readonly databaseUrl: string | null
  readonly dataDir: string
  readonly adminToken: string | null
  /** What Prometheus sends; null: only the operator’s token reads the metrics. */
  readonly metricsToken: string | null
  readonly apiKey: string | null
  readonly signingKey: string | null
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string | null
  readonly referee: boolean
  readonly distinctNetwork: boolean
  /** After a job's end; null keeps them for ever. */
  readonly partialsDays: number | null
  /** Null: blobs and arrays lie in `objects` below `dataDir`. */
  readonly s3: S3Config | null
  readonly logLevel: LogLevel
  /** Names of settings that were given and checked, but that this version has no use for: say so at start. */
  readonly notYetUsed: readonly string[]
}

/** A bucket of an S3-compatible store. */
export interface S3Config {
  /** Scheme, host and port, without a slash at the end. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Every sentence of what is wrong, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly sentences: readonly string[]
  constructor(sentences: readonly string[]) {
    super(sentences.join('\n'))
    this.sentences = sentences
  }
}

const CONFIG_LIMITS = {
  /** A key of 16 characters drawn from 64 has 96 bits: beyond guessing over a network. */
  secretCharactersMin: 16,
  /** Fits a header line with room to spare. */
  secretCharactersMax: 512,
  /** A century: whoever wants more leaves it unset. */
  partialsDaysMax: 36_500,
} as const

interface Setting {
  readonly name: string
  readonly standard: string
  readonly meaning: string
  readonly notYetUsed?: true
}

const SETTINGS = [
  { name: 'PORT', standard: '8080', meaning: 'the port to listen on; 0 takes any free one' },
  { name: 'HOST', standard: '127.0.0.1', meaning: 'the address to listen on; 0.0.0.0 for all' },
  { name: 'DATABASE_URL', standard: 'unset', meaning: 'postgres://... ; unset: an embedded store in FORGE_DATA_DIR' },
  { name: 'FORGE_DATA_DIR', standard: '.forge', meaning: 'the folder of the embedded store and of blobs' },
  { name: 'FORGE_API_KEY', standard: 'unset', meaning: 'the default project’s key; unset: made and printed once' },
  { name: 'FORGE_ADMIN_TOKEN', standard: 'unset', meaning: 'the operator’s token; unset: no operator over HTTP' },
  {
    name: 'FORGE_METRICS_TOKEN',
    standard: 'unset',
    meaning: 'a token that reads /metrics and nothing else; unset: only FORGE_ADMIN_TOKEN does',
  },
  {
    name: 'FORGE_SIGNING_KEY',
    standard: 'unset',
    meaning: 'the key that signs receipts, 32 bytes in base64; unset: made once and kept in the store',
  },
  { name: 'FORGE_PUBLIC_URL', standard: 'unset', meaning: 'how clients reach this server: https://pool.example' },
  { name: 'FORGE_REFEREE', standard: 'on', meaning: 'on or off: a trusted agent in a process of its own' },
  {
    name: 'FORGE_DISTINCT_NETWORK',
    standard: 'false on a loopback HOST, else true',
    meaning:
      'true or false: a checker must sit in another network than the author, and each address has a budget of connections',
  },
  {
    name: 'FORGE_PARTIALS_DAYS',
    standard: 'unset',
    meaning: 'days after a job’s end for which its partials are kept; unset: for ever',
  },
  {
    name: 'FORGE_S3_ENDPOINT',
    standard: 'unset',
    meaning: 'https://... of an S3-compatible store for blobs and arrays; unset: FORGE_DATA_DIR',
  },
  { name: 'FORGE_S3_BUCKET', standard: 'unset', meaning: 'its bucket, which must be there and be this server’s own' },
  { name: 'FORGE_S3_REGION', standard: 'us-east-1', meaning: 'its region' },
  { name: 'FORGE_S3_ACCESS_KEY_ID', standard: 'unset', meaning: 'the id of the key that opens the bucket' },
  { name: 'FORGE_S3_SECRET_ACCESS_KEY', standard: 'unset', meaning: 'that key' },
  { name: 'FORGE_LOG_LEVEL', standard: 'info', meaning: `one of ${LOG_LEVELS.join(', ')}` },
] as const satisfies readonly Setting[]
type SettingName = (typeof SETTINGS)[number]['name']

/** Names that belong to the tests and to the Node agent, and mean nothing to the server. */
const NOT_OURS = new Set(['FORGE_TEST_ALL', 'FORGE_TEST_REPORT', 'FORGE_AGENT_TOKEN'])

export type Environment = Readonly<Record<string, string | undefined>>

/** Throws a {@link ConfigError} that names everything that is wrong. Secrets are never repeated in it. */
export function loadConfig(env: Environment): Config {
  const wrong = unknownNames(env)
  const read: Read = (name, standard, parse) => {
    const text = env[name]
    if (text === undefined) return standard
    const value = text.trim() === '' ? new Wrong('is empty; give it a value, or unset it for the default') : parse(text)
    if (!(value instanceof Wrong)) return value
    wrong.push(`${name} ${value.sentence}.`)
    return standard
  }
  const host = read('HOST', '127.0.0.1', hostOf)
  const config: Config = {
    port: read('PORT', 8080, portOf),
    host,
    databaseUrl: read<string | null>('DATABASE_URL', null, databaseUrlOf),
    dataDir: read('FORGE_DATA_DIR', '.forge', folderOf),
    adminToken: read<string | null>('FORGE_ADMIN_TOKEN', null, secretOf),
    metricsToken: read<string | null>('FORGE_METRICS_TOKEN', null, secretOf),
    apiKey: read<string | null>('FORGE_API_KEY', null, secretOf),
    signingKey: read<string | null>('FORGE_SIGNING_KEY', null, signingKeyOf),
    publicUrl: read<string | null>('FORGE_PUBLIC_URL', null, publicUrlOf),
    referee: read('FORGE_REFEREE', true, oneOf({ on: true, off: false })),
    distinctNetwork: read('FORGE_DISTINCT_NETWORK', !isLoopback(host), oneOf({ true: true, false: false })),
    partialsDays: read<number | null>('FORGE_PARTIALS_DAYS', null, daysOf),
    s3: s3Of(env, read, wrong),
    logLevel: read<LogLevel>('FORGE_LOG_LEVEL', 'info', logLevelOf),
    notYetUsed: SETTINGS.filter((row) => 'notYetUsed' in row && env[row.name] !== undefined).map(({ name }) => name),
  }
  if (config.adminToken !== null && config.adminToken === config.apiKey) {
    wrong.push('FORGE_ADMIN_TOKEN is the same as FORGE_API_KEY; the operator’s token must be its own.')
  }
  if (config.metricsToken !== null && [config.adminToken, config.apiKey].includes(config.metricsToken)) {
    wrong.push('FORGE_METRICS_TOKEN is the same as another secret; it must be its own.')
  }
  if (wrong.length > 0) throw new ConfigError(wrong)
  return config
}

/** What `--help` prints below the usage. */
export function settingsHelp(): string {
  const width = Math.max(...SETTINGS.map(({ name }) => name.length))
  const rows = SETTINGS.map((row: Setting) => {
    const later = row.notYetUsed ? '; accepted, but this version has no use for it yet' : ''
    return `  ${row.name.padEnd(width)}  ${row.meaning}${later} (default: ${row.standard})`
  })
  return ['Settings are environment variables:', '', ...rows, ''].join('\n')
}

type Read = <T>(name: SettingName, standard: T, parse: (text: string) => T | Wrong) => T

/** All of it or nothing: half a store would only show when the first blob comes. */
function s3Of(env: Environment, read: Read, wrong: string[]): S3Config | null {
  const config = {
    endpoint: read('FORGE_S3_ENDPOINT', '', publicUrlOf),
    bucket: read('FORGE_S3_BUCKET', '', bucketOf),
    region: read('FORGE_S3_REGION', 'us-east-1', s3WordOf),
    accessKeyId: read('FORGE_S3_ACCESS_KEY_ID', '', s3WordOf),
    secretAccessKey: read('FORGE_S3_SECRET_ACCESS_KEY', '', s3WordOf),
  }
  const names: readonly SettingName[] = [
    'FORGE_S3_ENDPOINT',
    'FORGE_S3_BUCKET',
    'FORGE_S3_ACCESS_KEY_ID',
    'FORGE_S3_SECRET_ACCESS_KEY',
  ]
  const given = Object.keys(env).filter((name) => name.startsWith('FORGE_S3_'))
  const missing = names.filter((name) => env[name] === undefined)
  if (given.length > 0 && missing.length > 0) wrong.push(`${given.join(' and ')} need ${missing.join(' and ')} beside.`)
  return given.length === 0 ? null : config
}

class Wrong {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

function unknownNames(env: Environment): string[] {
  const known = new Set<string>(SETTINGS.map(({ name }) => name))
  return Object.keys(env)
    .filter((name) => name.startsWith('FORGE_') && !known.has(name) && !NOT_OURS.has(name))
    .toSorted()
    .map((name) => {
      const near = [...known].find((other) => editDistance(name, other) <= 2)
      const advice = near === undefined ? '--help lists the settings' : `did you mean ${near}?`
      return `${name} is not a setting of this version: ${advice}${near === undefined ? '.' : ''}`
    })
}

function portOf(text: string): number | Wrong {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : new Wrong(`is ${quoted(text)}, not a port from 0 to 65535`)
}

function hostOf(text: string): string | Wrong {
  const name = /^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i
  if (isIP(text) > 0 || (name.test(text) && !/^[\d.]+$/.test(text))) return text
  return new Wrong(`is ${quoted(text)}, not an IP address or a host name such as 127.0.0.1 or localhost`)
}

const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

function databaseUrlOf(text: string): string | Wrong {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^postgres(ql)?:$/.test(url.protocol)) return text
  return new Wrong('is not a Postgres address such as postgres://user:password@localhost:5432/forge')
}

function folderOf(text: string): string | Wrong {
  return text.includes('\0') ? new Wrong('has a NUL character, which no folder can have in its name') : text
}

function secretOf(text: string): string | Wrong {
  const { secretCharactersMin: least, secretCharactersMax: most } = CONFIG_LIMITS
  if (/^[\x21-\x7e]+$/.test(text) && text.length >= least && text.length <= most) return text
  return new Wrong(
    `must be ${least} to ${most} printable ASCII characters without spaces, because it travels in a header`,
  )
}

function signingKeyOf(text: string): string | Wrong {
  if (secretKeyOf(text) !== null) return text
  return new Wrong('must be the 32 bytes of an Ed25519 secret key, as 64 hexadecimal digits or in base64')
}

function daysOf(text: string): number | Wrong {
  const most = CONFIG_LIMITS.partialsDaysMax
  const days = Number(text)
  return /^\d{1,6}$/.test(text) && days >= 1 && days <= most
    ? days
    : new Wrong(`is ${quoted(text)}, not a number of days from 1 to ${most}`)
}

function publicUrlOf(text: string): string | Wrong {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin
  return new Wrong('must be a scheme, a host and perhaps a port, without path or password: https://pool.example')
}

function bucketOf(text: string): string | Wrong {
  if (/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(text)) return text
  return new Wrong('must be a bucket’s name: 3 to 63 lower-case letters, digits, dots and hyphens')
}

const s3WordOf = (text: string): string | Wrong =>
  /^[\x21-\x7e]{1,256}$/.test(text) ? text : new Wrong('must be up to 256 printable ASCII characters without spaces')

function logLevelOf(text: string): LogLevel | Wrong {
  return (
    LOG_LEVELS.find((level) => level === text) ?? new Wrong(`is ${quoted(text)}, not one of ${LOG_LEVELS.join(', ')}`)
  )
}

function oneOf(values: Readonly<Record<string, boolean>>): (text: string) => boolean | Wrong {
  return (text) => {
    const value = Object.hasOwn(values, text) ? values[text] : undefined
    return value ?? new Wrong(`is ${quoted(text)}, not ${Object.keys(values).join(' or ')}`)
  }
}

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** How many letters to insert, delete or replace: finds the name that was meant. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
