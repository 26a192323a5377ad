// What is chosen before Start and can be changed afterwards: how much of the machine, how much data, and which kinds of work.
import { useState } from 'preact/hooks'
import { amountOf, PRESETS, SETTING_LIMITS, takes } from '../settings.ts'
import { CONTROL, FACTS, KINDS } from '../text.ts'
import type { PageProps } from './page-props.ts'
import { Check } from './parts.tsx'
import { useTyped } from './typed.ts'

export function Amount({ settings, set, cores, options }: PageProps) {
  return (
    <fieldset class="seg">
      <legend class="sr">{CONTROL.preset}</legend>
      {PRESETS.map((preset) => (
        <label key={preset}>
          <input
            type="radio"
            name="preset"
            checked={settings.preset === preset}
            onChange={() => set(amountOf(preset, cores))}
          />
          {CONTROL.presets[preset]}
        </label>
      ))}
      <p class="cap">{CONTROL.presetIs(options.threads ?? settings.workers, cores, settings.cpu, settings.gpu)}</p>
    </fieldset>
  )
}

export function Kinds({ settings, set }: PageProps) {
  return (
    <>
      {Object.entries(KINDS).map(([kernel, name]) => (
        <Check
          key={kernel}
          label={name}
          checked={takes(settings, kernel)}
          set={(taken) => set({ kinds: { ...settings.kinds, [kernel]: taken } })}
        />
      ))}
      <Check label={FACTS.newKinds} checked={settings.newKinds} set={(newKinds) => set({ newKinds })} />
    </>
  )
}

export function DataCap({ settings, set }: PageProps) {
  const [isRefused, setRefused] = useState(false)
  const typed = useTyped(settings.dataCapMb ?? '', (said) => {
    const text = said.trim()
    const megabytes = text === '' ? null : Number(text)
    const counts =
      megabytes === null || (Number.isInteger(megabytes) && megabytes >= 1 && megabytes <= SETTING_LIMITS.dataCapMbMax)
    setRefused(!counts)
    // A cap that cannot be meant takes none away.
    if (counts) set({ dataCapMb: megabytes })
  })
  return (
    <span>
      {CONTROL.capBefore}{' '}
      <input class="field-in" inputMode="numeric" aria-label={CONTROL.cap} aria-invalid={isRefused} {...typed} />{' '}
      {CONTROL.capAfter} <span role="status">{isRefused && CONTROL.capRefused(SETTING_LIMITS.dataCapMbMax)}</span>
    </span>
  )
}
