// A second browser engine, with its own compiler of WASM and of WGSL: Firefox, as it comes from a distribution or from
// Mozilla. Playwright drives only builds of its own, so this one is sent to an address and what it computes it posts.
import { execFile, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { unpackedChromium } from './chromium.ts'

export interface Firefox {
  readonly executablePath: string
  readonly version: string
}

const INSTALLED_NAMES = ['firefox-esr', 'firefox']
const MACOS_FIREFOX = '/Applications/Firefox.app/Contents/MacOS/firefox'

/** Returns null, after telling `log` why, when this machine has none. */
export async function findFirefox(log: (line: string) => void = console.warn): Promise<Firefox | null> {
  const named = process.env['FIREFOX_PATH']
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean)
  const installed = INSTALLED_NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name)))
  for (const executablePath of [...(named ? [named] : []), ...installed, MACOS_FIREFOX]) {
    const version = await versionOf(executablePath)
    if (version !== null) return { executablePath, version }
    if (executablePath === named) log(`FIREFOX_PATH names ${named}, which is no Firefox; looking elsewhere.`)
  }
  log('No Firefox found: install firefox-esr, or name one in FIREFOX_PATH.')
  return null
}

async function versionOf(file: string): Promise<string | null> {
  try {
    await access(file, constants.X_OK)
    const { stdout } = await promisify(execFile)(file, ['--version'], { timeout: 20_000 })
    return /^Mozilla Firefox (\S+)/m.exec(stdout)?.[1] ?? null
  } catch {
    return null
  }
}

// A fresh profile phones home and greets its owner; a test machine has nobody to answer and nobody to greet.
const QUIET = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}
const WEBGPU = { 'dom.webgpu.enabled': true, 'dom.webgpu.workers.enabled': true, 'gfx.webgpu.ignore-blocklist': true }

/** Headless, at the address, in a profile of its own; WebGPU computes on the SwiftShader of the Chromium from npm. */
export async function openFirefox({ executablePath }: Firefox, url: string): Promise<{ close(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forge-firefox-'))
  const preferences = Object.entries({ ...QUIET, ...WEBGPU })
  const lines = preferences.map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
  await writeFile(path.join(folder, 'user.js'), lines.join(''))
  const firefox = spawn(executablePath, ['--headless', '--no-remote', '--profile', folder, url], {
    env: { ...process.env, ...(await softwareVulkan(folder)) },
    stdio: 'ignore',
    // A group of its own, so that its processes of content and GPU end with it.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => {
    firefox.once('exit', () => resolve())
    firefox.once('error', () => resolve())
  })
  const kill = (): void => {
    try {
      if (firefox.pid !== undefined) process.kill(-firefox.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  process.once('exit', kill)
  return {
    async close() {
      process.off('exit', kill)
      kill()
      await ended
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Chromium's own libraries must not be found by Firefox, so the loader of Vulkan gets a folder to itself. */
async function softwareVulkan(folder: string): Promise<Record<string, string>> {
  const swiftshader = await unpackedChromium(() => {})
  if (swiftshader === null) return {}
  const libraries = path.join(folder, 'vulkan')
  await mkdir(libraries)
  await symlink(path.join(swiftshader, 'libvulkan.so.1'), path.join(libraries, 'libvulkan.so.1'))
  return {
    LD_LIBRARY_PATH: [libraries, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(path.delimiter),
    VK_ICD_FILENAMES: path.join(swiftshader, 'vk_swiftshader_icd.json'),
  }
}
