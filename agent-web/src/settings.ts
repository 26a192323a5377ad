// What a volunteer sets, kept for next time: plain values with plain limits. What is read back was written by who knows
// which version, or by hand, so every field is looked at, and one that makes no sense is as if it had never been set.

export const PRESETS = ['quiet', 'balanced', 'all'] as const
export type Preset = (typeof PRESETS)[number]

export const SETTING_LIMITS = {
  workersMax: 64,
  /** Below a twentieth an assignment of a second lasts longer than anybody waits for it. */
  percentMin: 5,
  dataCapMbMax: 1_000_000,
  nameCharactersMax: 80,
} as const

export interface Settings {
  /** Null: set by hand. */
  readonly preset: Preset | null
  readonly workers: number
  /** Per cent of the time. */
  readonly cpu: number
  readonly gpu: number
  readonly pauseOnBattery: boolean
  readonly pauseHidden: boolean
  /** Minutes of the day, local time; from 22:00 until 07:00 goes over midnight. */
  readonly hours: { readonly on: boolean; readonly from: number; readonly until: number }
  readonly wakeLock: boolean
  /** Null: no cap. */
  readonly dataCapMb: number | null
  /** By kernel; of one that is not here, `newKinds` decides. */
  readonly kinds: Readonly<Record<string, boolean>>
  readonly newKinds: boolean
  readonly name: string
}

type Amount = Pick<Settings, 'preset' | 'workers' | 'cpu' | 'gpu'>

export function amountOf(preset: Preset, cores: number): Amount {
  switch (preset) {
    case 'quiet':
      return { preset, workers: 1, cpu: 25, gpu: 10 }
    case 'balanced':
      return { preset, workers: Math.max(1, Math.floor(cores / 2)), cpu: 50, gpu: 30 }
    case 'all':
      return { preset, workers: Math.min(cores, SETTING_LIMITS.workersMax), cpu: 100, gpu: 100 }
  }
}

/** `metered`: the browser says that its link costs by the byte, or that data is to be saved. */
export const defaultSettings = (cores: number, metered: boolean): Settings => ({
  ...amountOf('balanced', cores),
  pauseOnBattery: true,
  pauseHidden: false,
  hours: { on: false, from: 22 * 60, until: 7 * 60 },
  wakeLock: false,
  dataCapMb: metered ? 200 : null,
  kinds: {},
  newKinds: true,
  name: '',
})

export const takes = ({ kinds, newKinds }: Pick<Settings, 'kinds' | 'newKinds'>, kernel: string): boolean =>
  kinds[kernel] ?? newKinds

/** `text` as it was kept; null: nothing was. */
export function readSettings(text: string | null, standard: Settings): Settings {
  const kept = objectOf(parsed(text))
  const { percentMin, workersMax, dataCapMbMax, nameCharactersMax } = SETTING_LIMITS
  const whole = (name: string, least: number, most: number, otherwise: number, from = kept): number => {
    const value = from[name]
    return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most ? value : otherwise
  }
  const yes = (name: string, otherwise: boolean, from = kept): boolean => {
    const value = from[name]
    return typeof value === 'boolean' ? value : otherwise
  }
  const hours = objectOf(kept['hours'])
  const kinds = Object.entries(objectOf(kept['kinds'])).filter((row): row is [string, boolean] => isYesOrNo(row[1]))
  const { preset, name } = kept
  return {
    preset: PRESETS.find((one) => one === preset) ?? (preset === null ? null : standard.preset),
    workers: whole('workers', 1, workersMax, standard.workers),
    cpu: whole('cpu', percentMin, 100, standard.cpu),
    gpu: whole('gpu', percentMin, 100, standard.gpu),
    pauseOnBattery: yes('pauseOnBattery', standard.pauseOnBattery),
    pauseHidden: yes('pauseHidden', standard.pauseHidden),
    hours: {
      on: yes('on', standard.hours.on, hours),
      from: whole('from', 0, 1439, standard.hours.from, hours),
      until: whole('until', 0, 1439, standard.hours.until, hours),
    },
    wakeLock: yes('wakeLock', standard.wakeLock),
    dataCapMb: kept['dataCapMb'] === null ? null : wholeOrNull(whole('dataCapMb', 1, dataCapMbMax, -1), standard),
    kinds: Object.fromEntries(kinds),
    newKinds: yes('newKinds', standard.newKinds),
    name: typeof name === 'string' ? name.slice(0, nameCharactersMax) : standard.name,
  }
}

const wholeOrNull = (value: number, { dataCapMb }: Settings): number | null => (value < 0 ? dataCapMb : value)
const isYesOrNo = (value: unknown): value is boolean => typeof value === 'boolean'

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
