// Launches the Chromium that chromium.ts found, headless and silent on the network, with WebGPU computed by SwiftShader
// on the CPU. The same browser serves `pnpm demo` and the tests, so what a reader sees and what is tested are one thing.

import { chromium, type Browser } from 'playwright-core'
import { findChromium } from './chromium.ts'

export type BrowserOptions = {
  /** False gives a browser in which no WebGPU adapter can be had, as on many volunteers' machines. */
  webgpu?: boolean
  /** True lets it slow down what nobody looks at, as a volunteer's browser does, and after five seconds already. */
  drowsy?: boolean
}

// A fresh Chromium phones home for updates, field trials and safe browsing; a test machine has nobody to answer.
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
]

// Timers of a page that nobody looks at are slowed to once a second, and headless pages count as such when there are many.
const AWAKE = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

// By itself Chromium waits for five minutes before timers run once a minute.
const DROWSY = ['--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5']

const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']
const NO_WEBGPU = ['--disable-gpu']

/** Throws a sentence when no Chromium can be had; see findChromium for a gentler question. */
export async function launchBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const reasons: string[] = []
  const found = await findChromium((line) => reasons.push(line))
  if (!found) throw new Error(`No Chromium to launch. ${reasons.join(' ')}`)
  return chromium.launch({
    executablePath: found.executablePath,
    env: found.env,
    // Whoever launches it closes it; Playwright's own handlers would end the process before anything else is put away.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      ...found.args,
      // Root, and most containers, may not create the namespaces that Chromium's sandbox needs; it only visits our own pages.
      '--no-sandbox',
      ...((options.webgpu ?? true) ? WEBGPU : NO_WEBGPU),
      ...QUIET,
      ...(options.drowsy === true ? DROWSY : AWAKE),
    ],
    ...(options.drowsy === true ? { ignoreDefaultArgs: AWAKE } : {}),
  })
}
