// How things are around the tab, watched where the browser tells: whether it is hidden, on battery, the time of day, and how
// much data today's work took. Also keeps the screen awake, where that is wanted.
import type { Surroundings } from './pauses.ts'

/** Of the battery's interface, which not every browser has. */
interface Battery extends EventTarget {
  readonly charging: boolean
}
type Tells = Navigator & {
  getBattery?(): Promise<Battery>
  readonly connection?: { readonly saveData?: boolean; readonly type?: string }
}

const here: Tells = navigator
const DATA_KEY = 'forge-pool.data'
/** The hours that somebody set begin and end on a minute. */
const LOOK_MS = 20_000
/** What a crash may forget. */
const SAVED_BYTES = 20_000

export const tellsBattery = 'getBattery' in navigator
export const canStayAwake = 'wakeLock' in navigator

/** The link costs by the byte, or data is to be saved, as far as the browser tells. */
export const isMetered = (): boolean => here.connection?.saveData === true || here.connection?.type === 'cellular'

export interface Watch {
  now(): Surroundings
  /** Counts towards today's data. */
  used(bytes: number): void
  /** Holds the screen awake from now on, or lets it go; where the browser cannot, nothing happens. */
  stayAwake(wanted: boolean): void
}

export function watchSurroundings(changed: () => void): Watch {
  let battery: Battery | undefined
  const data = dataOfToday()
  void here.getBattery?.().then(
    (found) => {
      battery = found
      found.addEventListener('chargingchange', changed)
      changed()
    },
    () => {},
  )
  setInterval(changed, LOOK_MS)
  const awake = screenLock()
  document.addEventListener('visibilitychange', () => {
    awake.renew()
    changed()
  })
  // Chromium's word for a page that was frozen and goes on.
  document.addEventListener('resume', changed)
  return {
    now: () => {
      const time = new Date()
      return {
        hidden: document.hidden,
        onBattery: battery && !battery.charging,
        minuteOfDay: time.getHours() * 60 + time.getMinutes(),
        bytesToday: data.read(),
      }
    },
    used: (bytes) => data.add(bytes),
    stayAwake: (wanted) => awake.want(wanted),
  }
}

function dataOfToday(): { read(): number; add(bytes: number): void } {
  const today = (): string => new Date().toDateString()
  const kept = (): { readonly day: string; readonly bytes: number } => {
    try {
      const found: unknown = JSON.parse(localStorage.getItem(DATA_KEY) ?? '')
      if (typeof found === 'object' && found !== null && 'day' in found && 'bytes' in found) {
        const { day, bytes } = found
        if (day === today() && typeof bytes === 'number' && bytes >= 0) return { day, bytes }
      }
    } catch {
      // Nothing was kept, or nothing that can be read.
    }
    return { day: today(), bytes: 0 }
  }
  let { day, bytes } = kept()
  let unsaved = 0
  const save = (): void => {
    if (unsaved > 0) keep(DATA_KEY, JSON.stringify({ day, bytes }))
    unsaved = 0
  }
  window.addEventListener('pagehide', save)
  // Another tab of this browser works: what it used is used here too when this one takes over.
  window.addEventListener('storage', ({ key }) => {
    if (key === DATA_KEY) ({ day, bytes } = kept())
  })
  return {
    read: () => (day === today() ? bytes : 0),
    add(more) {
      bytes = (day === today() ? bytes : 0) + more
      day = today()
      unsaved += more
      if (unsaved >= SAVED_BYTES) save()
    },
  }
}

/** Where the profile keeps nothing it is forgotten with the tab. */
export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A full or forbidden store.
  }
}

/** The browser lets the screen go whenever the tab is hidden. */
function screenLock(): { want(wanted: boolean): void; renew(): void } {
  let wanted = false
  let held: WakeLockSentinel | undefined
  let settling = false
  const settle = async (): Promise<void> => {
    // What was wanted may change while the browser grants it: whoever waits for that looks again.
    if (settling) return
    settling = true
    try {
      for (;;) {
        const holds = held !== undefined && !held.released
        if (holds === wanted) return
        if (holds) await held?.release()
        else if (canStayAwake && document.visibilityState === 'visible')
          held = await navigator.wakeLock.request('screen')
        else return
      }
    } finally {
      settling = false
    }
  }
  // A battery that is almost empty may refuse; work goes on without.
  const quietly = (): void => void settle().catch(() => {})
  return {
    want(next) {
      if (next === wanted) return
      wanted = next
      quietly()
    },
    renew: quietly,
  }
}
