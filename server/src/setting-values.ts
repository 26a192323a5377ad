// What the texts of settings mean: each function gives the value, or the end of a sentence that begins with the setting's
// name and says what is wrong. Secrets are never repeated in it.
import { isIP } from 'node:net'
import { secretKeyOf } from './receipt/signing-key.ts'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const CONFIG_LIMITS = {
  /** A key of 16 characters drawn from 64 has 96 bits: beyond guessing over a network. */
  secretCharactersMin: 16,
  /** Fits a header line with room to spare. */
  secretCharactersMax: 512,
  /** Longer than any line is silent that will still bring something. */
  idleSecondsMax: 3_600,
  /** A century: whoever wants more leaves it unset. */
  daysMax: 36_500,
  /** Of proxies, and of origins: more are a mistake, and each is looked at for every request. */
  listEntriesMax: 100,
} as const

/** The warnings of a day are told apart by their deliveries, so these outlive the day. */
export const WEBHOOK_DAYS_MIN = 2

export class Wrong {
  readonly sentence: string
  constructor(sentence: string) {
    this.sentence = sentence
  }
}

export function portOf(text: string): number | Wrong {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : new Wrong(`is ${quoted(text)}, not a port from 0 to 65535`)
}

export function hostOf(text: string): string | Wrong {
  const name = /^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i
  if (isIP(text) > 0 || (name.test(text) && !/^[\d.]+$/.test(text))) return text
  return new Wrong(`is ${quoted(text)}, not an IP address or a host name such as 127.0.0.1 or localhost`)
}

export const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

export function databaseUrlOf(text: string): string | Wrong {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^postgres(ql)?:$/.test(url.protocol)) return text
  return new Wrong('is not a Postgres address such as postgres://user:password@localhost:5432/forge')
}

export function folderOf(text: string): string | Wrong {
  return text.includes('\0') ? new Wrong('has a NUL character, which no folder can have in its name') : text
}

export function secretOf(text: string): string | Wrong {
  const { secretCharactersMin: least, secretCharactersMax: most } = CONFIG_LIMITS
  // Some tools that start containers pass on the name of a variable that they do not find, which is no secret.
  if (text.includes('${'))
    return new Wrong('has the name of a variable in it that whatever started this did not fill in')
  if (/^[\x21-\x7e]+$/.test(text) && text.length >= least && text.length <= most) return text
  return new Wrong(
    `must be ${least} to ${most} printable ASCII characters without spaces, because it travels in a header`,
  )
}

export function signingKeyOf(text: string): string | Wrong {
  if (secretKeyOf(text) !== null) return text
  return new Wrong('must be the 32 bytes of an Ed25519 secret key, as 64 hexadecimal digits or in base64')
}

export function daysOf(least: number): (text: string) => number | Wrong {
  const most = CONFIG_LIMITS.daysMax
  return (text) => {
    const days = Number(text)
    if (/^\d{1,6}$/.test(text) && days >= least && days <= most) return days
    return new Wrong(`is ${quoted(text)}, not a number of days from ${least} to ${most}`)
  }
}

export function idleSecondsOf(text: string): number | Wrong {
  const most = CONFIG_LIMITS.idleSecondsMax
  const seconds = Number(text)
  if (/^\d{1,4}$/.test(text) && seconds >= 1 && seconds <= most) return seconds
  return new Wrong(`is ${quoted(text)}, not a number of seconds from 1 to ${most}`)
}

export function publicUrlOf(text: string): string | Wrong {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin
  return new Wrong('must be a scheme, a host and perhaps a port, without path or password: https://pool.example')
}

/** `*` is not among them: whose pages may call is said by name. */
export function originsOf(text: string): readonly string[] | Wrong {
  return listOf(text, (entry) => {
    const origin = publicUrlOf(entry)
    return origin instanceof Wrong
      ? new Wrong(`has ${quoted(entry)}, which is no origin such as https://app.example`)
      : origin
  })
}

export function proxiesOf(text: string): readonly string[] | Wrong {
  return listOf(text, (entry) => {
    const [address = '', bits, ...more] = entry.split('/')
    const bitsMax = isIP(address) === 4 ? 32 : 128
    const isBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax)
    if (isIP(address) === 0 || address.includes('%') || !isBits || more.length > 0) {
      return new Wrong(`has ${quoted(entry)}, which is no address such as 127.0.0.1 and no network such as 10.0.0.0/8`)
    }
    // Whoever connects could then claim any address, sit in any network and check its own work.
    if (bits !== undefined && Number(bits) === 0)
      return new Wrong(`has ${quoted(entry)}, which would believe everybody`)
    return entry
  })
}

/** The first entry that is wrong speaks for the list. */
function listOf(text: string, parse: (entry: string) => string | Wrong): readonly string[] | Wrong {
  const entries = text.split(',').map((entry) => parse(entry.trim()))
  const wrong = entries.find((entry) => entry instanceof Wrong)
  if (wrong instanceof Wrong) return wrong
  if (entries.length > CONFIG_LIMITS.listEntriesMax) {
    return new Wrong(`has ${entries.length} entries; ${CONFIG_LIMITS.listEntriesMax} are the most`)
  }
  return [...new Set(entries.filter((entry) => typeof entry === 'string'))]
}

export function bucketOf(text: string): string | Wrong {
  if (/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(text)) return text
  return new Wrong('must be a bucket’s name: 3 to 63 lower-case letters, digits, dots and hyphens')
}

export const s3WordOf = (text: string): string | Wrong =>
  /^[\x21-\x7e]{1,256}$/.test(text) ? text : new Wrong('must be up to 256 printable ASCII characters without spaces')

export function logLevelOf(text: string): LogLevel | Wrong {
  return (
    LOG_LEVELS.find((level) => level === text) ?? new Wrong(`is ${quoted(text)}, not one of ${LOG_LEVELS.join(', ')}`)
  )
}

export function oneOf(values: Readonly<Record<string, boolean>>): (text: string) => boolean | Wrong {
  return (text) => {
    const value = Object.hasOwn(values, text) ? values[text] : undefined
    return value ?? new Wrong(`is ${quoted(text)}, not ${Object.keys(values).join(' or ')}`)
  }
}

const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** How many letters to insert, delete or replace: finds the name that was meant. */
export function editDistance(a: string, b: string): number {
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
