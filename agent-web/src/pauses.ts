// Why a tab that was started does not work now. Pure: what the volunteer set against how things are.
import { takes, type Settings } from './settings.ts'
import { KINDS } from './text.ts'

export const PAUSE_REASONS = ['kinds', 'data', 'hours', 'battery', 'hidden'] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]

/** How things are around the tab. */
export interface Surroundings {
  readonly hidden: boolean
  /** Undefined: the browser does not tell. */
  readonly onBattery: boolean | undefined
  /** Local time. */
  readonly minuteOfDay: number
  readonly bytesToday: number
}

/** The first reason that holds and was not waived; undefined: it works. */
export function pauseReason(
  settings: Settings,
  around: Surroundings,
  waived: ReadonlySet<PauseReason>,
): PauseReason | undefined {
  const holds: Record<PauseReason, boolean> = {
    kinds: !takesAny(settings),
    data: settings.dataCapMb !== null && around.bytesToday >= settings.dataCapMb * 1e6,
    hours: settings.hours.on && !isWithin(settings.hours, around.minuteOfDay),
    battery: settings.pauseOnBattery && around.onBattery === true,
    hidden: settings.pauseHidden && around.hidden,
  }
  return PAUSE_REASONS.find((reason) => holds[reason] && !waived.has(reason))
}

/** Those waived stay so until their reason has gone. */
export function stillWaived(
  settings: Settings,
  around: Surroundings,
  waived: ReadonlySet<PauseReason>,
): ReadonlySet<PauseReason> {
  return new Set(
    [...waived].filter((one) => pauseReason(settings, around, new Set(PAUSE_REASONS.filter((r) => r !== one)))),
  )
}

export const takesAny = (settings: Settings): boolean => Object.keys(KINDS).some((kernel) => takes(settings, kernel))

/** The last minute does not belong to it; the same minute twice is the whole day. */
function isWithin({ from, until }: Settings['hours'], minute: number): boolean {
  if (from === until) return true
  return from < until ? minute >= from && minute < until : minute >= from || minute < until
}
