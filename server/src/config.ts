// The one place that reads the environment: every setting of SPEC section 9 with its default, its meaning and its check.
// A bad value or an unknown FORGE_ name is refused with a sentence, all of them at once; what is done with the settings
// is the business of main.ts.
import {
  bucketOf,
  databaseUrlOf,
  daysOf,
  editDistance,
  folderOf,
  hostOf,
  idleSecondsOf,
  isLoopback,
  LOG_LEVELS,
  logLevelOf,
  oneOf,
  originsOf,
  portOf,
  proxiesOf,
  publicUrlOf,
  s3WordOf,
  secretOf,
  signingKeyOf,
  Wrong,
  CONFIG_LIMITS,
  type LogLevel,
  WEBHOOK_DAYS_MIN,
} from './setting-values.ts'

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
  /** Origins whose pages may call the API from a browser, beside the server's own. */
  readonly corsOrigins: readonly string[]
  /** Addresses and networks (`10.0.0.0/8`) whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** After which a body of which nothing comes is given up. */
  readonly bodyIdleSeconds: number
  readonly referee: boolean
  readonly distinctNetwork: boolean
  /** After a job's end; null keeps them for ever. */
  readonly partialsDays: number | null
  /** The same, for the networks that answers came from. */
  readonly networksDays: number | null
  readonly webhooks: WebhookConfig
  /** Null: blobs and arrays lie in `objects` below `dataDir`. */
  readonly s3: S3Config | null
  readonly logLevel: LogLevel
  /** Names of settings that were given and checked, but that this version has no use for: say so at start. */
  readonly notYetUsed: readonly string[]
}

export interface WebhookConfig {
  /** Whether they may lead into this server's own network, and there without TLS. */
  readonly allowPrivate: boolean
  /** After a delivery's end. */
  readonly days: number
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
  {
    name: 'FORGE_CORS_ORIGINS',
    standard: 'none',
    meaning: 'origins, with commas, whose pages may call the API: https://app.example',
  },
  {
    name: 'FORGE_TRUSTED_PROXIES',
    standard: 'none',
    meaning: 'addresses or networks, with commas, whose X-Forwarded-For is believed: 127.0.0.1, 10.0.0.0/8',
  },
  {
    name: 'FORGE_BODY_IDLE_SECONDS',
    standard: '60',
    meaning:
      'seconds after which a request of whose body nothing comes, or hardly anything, is answered 408, and a reader of a bundle or of events who takes nothing is cut',
  },
  { name: 'FORGE_REFEREE', standard: 'on', meaning: 'on or off: a trusted agent in a process of its own' },
  {
    name: 'FORGE_DISTINCT_NETWORK',
    standard: 'false on a loopback HOST without FORGE_TRUSTED_PROXIES, else true',
    meaning:
      'true or false: a checker must sit in another network than the author, and each address has a budget of connections',
  },
  {
    name: 'FORGE_PARTIALS_DAYS',
    standard: 'unset',
    meaning: 'days after a job’s end for which its partials are kept; unset: for ever',
  },
  {
    name: 'FORGE_NETWORKS_DAYS',
    standard: 'unset',
    meaning: 'days after a job’s end for which the networks of its agents are kept; unset: for ever',
  },
  {
    name: 'FORGE_WEBHOOK_PRIVATE',
    standard: 'false',
    meaning: 'true or false: webhooks may lead to private addresses and localhost, and there by http',
  },
  {
    name: 'FORGE_WEBHOOK_DAYS',
    standard: '30',
    meaning: 'days after its end for which a webhook’s delivery is listed',
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
  const trustedProxies = read<readonly string[]>('FORGE_TRUSTED_PROXIES', [], proxiesOf)
  // Behind a proxy that says who came, addresses differ although this server listens for the proxy alone.
  const seesAddresses = !isLoopback(host) || trustedProxies.length > 0
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
    corsOrigins: read<readonly string[]>('FORGE_CORS_ORIGINS', [], originsOf),
    trustedProxies,
    bodyIdleSeconds: read('FORGE_BODY_IDLE_SECONDS', 60, idleSecondsOf),
    referee: read('FORGE_REFEREE', true, oneOf({ on: true, off: false })),
    distinctNetwork: read('FORGE_DISTINCT_NETWORK', seesAddresses, oneOf({ true: true, false: false })),
    partialsDays: read<number | null>('FORGE_PARTIALS_DAYS', null, daysOf(1)),
    networksDays: read<number | null>('FORGE_NETWORKS_DAYS', null, daysOf(1)),
    webhooks: {
      allowPrivate: read('FORGE_WEBHOOK_PRIVATE', false, oneOf({ true: true, false: false })),
      days: read('FORGE_WEBHOOK_DAYS', 30, daysOf(WEBHOOK_DAYS_MIN)),
    },
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

/** What is worth a line at every start: settings that do nothing, or that leave something open. */
export function warningsOf({ notYetUsed, host, publicUrl }: Config): readonly string[] {
  const unused = notYetUsed.map((name) => `${name} is set, but this version has no use for it yet`)
  if (isLoopback(host) || publicUrl !== null) return unused
  return [
    ...unused,
    'FORGE_PUBLIC_URL is unset and HOST is no loopback address: whatever origin a caller names is taken for this server’s own, so that a signature which an agent made for another Hub can be used here. Set FORGE_PUBLIC_URL.',
  ]
}

/** What the log must not say, whoever puts it there. A bucket's key so short that it may be a word of ours is none of it. */
export function secretsOf({ apiKey, adminToken, metricsToken, signingKey, s3 }: Config): readonly string[] {
  return [apiKey, adminToken, metricsToken, signingKey, s3?.secretAccessKey ?? null]
    .filter((secret) => secret !== null)
    .filter(({ length }) => length >= CONFIG_LIMITS.secretCharactersMin)
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
