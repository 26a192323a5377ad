// How much of the machine, and when: what was asked stands beside what was measured.
import { SETTING_LIMITS } from '../settings.ts'
import { canStayAwake, tellsBattery } from '../surroundings.ts'
import { CONTROL } from '../text.ts'
import { Amount, DataCap } from './choices.tsx'
import type { PageProps } from './page-props.ts'
import { Check, Section } from './parts.tsx'
import { useTyped } from './typed.ts'

export function Control(page: PageProps) {
  const { tab, settings, set, options } = page
  const measured = Math.round(tab.load * 100)
  const workers = useTyped(options.threads ?? settings.workers, (typed) => {
    const count = Math.round(Number(typed))
    if (count >= 1 && count <= SETTING_LIMITS.workersMax) set({ preset: null, workers: count })
  })
  return (
    <Section id="control" head={CONTROL.head} aside={CONTROL.aside}>
      <Amount {...page} />
      <Share
        name={CONTROL.cpu}
        label={CONTROL.cpuLabel}
        asked={settings.cpu}
        measured={tab.engine === 'webgpu' ? 0 : measured}
        set={(cpu) => set({ preset: null, cpu })}
      />
      <Share
        name={CONTROL.gpu}
        label={CONTROL.gpuLabel}
        asked={settings.gpu}
        measured={tab.engine === 'webgpu' ? measured : 0}
        set={(gpu) => set({ preset: null, gpu })}
      />
      <p class="cap">{CONTROL.note}</p>
      <div class="row">
        <label for="workers">{CONTROL.workers}</label>
        <input
          id="workers"
          class="field-in"
          type="number"
          min={1}
          max={SETTING_LIMITS.workersMax}
          disabled={options.threads !== undefined}
          {...workers}
        />
      </div>
      {options.threads !== undefined && <p class="cap">{CONTROL.workersOfAddress}</p>}
      <Pauses {...page} />
      <p class="cap after">
        <DataCap {...page} /> {CONTROL.used(tab.bytesToday)}
      </p>
    </Section>
  )
}

interface ShareProps {
  readonly name: string
  readonly label: string
  readonly asked: number
  readonly measured: number
  set(per: number): void
}

function Share({ name, label, asked, measured, set }: ShareProps) {
  return (
    <div class="share">
      <div class="row num">
        <b>{name}</b>
        <span>
          {CONTROL.asked(asked)}, <b class={measured > 0 ? 'is-now' : ''}>{CONTROL.measured(measured)}</b>
        </span>
      </div>
      <div class="duty" style={{ '--m': `${measured}%` }}>
        <input
          type="range"
          min={SETTING_LIMITS.percentMin}
          max={100}
          step={5}
          value={asked}
          aria-label={label}
          onInput={({ currentTarget }) => set(Number(currentTarget.value))}
        />
      </div>
    </div>
  )
}

function Pauses({ settings, set }: PageProps) {
  const { hours } = settings
  return (
    <div class="checks">
      <Check
        label={tellsBattery ? CONTROL.battery : CONTROL.batteryUnknown}
        disabled={!tellsBattery}
        checked={tellsBattery && settings.pauseOnBattery}
        set={(pauseOnBattery) => set({ pauseOnBattery })}
      />
      <Check label={CONTROL.hidden} checked={settings.pauseHidden} set={(pauseHidden) => set({ pauseHidden })} />
      <Check label={CONTROL.hours} checked={hours.on} set={(on) => set({ hours: { ...hours, on } })} />
      {hours.on && (
        <div class="hours">
          <Minute label={CONTROL.from} minute={hours.from} set={(from) => set({ hours: { ...hours, from } })} />
          <Minute label={CONTROL.until} minute={hours.until} set={(until) => set({ hours: { ...hours, until } })} />
        </div>
      )}
      <Check
        label={canStayAwake ? CONTROL.wake : CONTROL.wakeUnknown}
        disabled={!canStayAwake}
        checked={canStayAwake && settings.wakeLock}
        set={(wakeLock) => set({ wakeLock })}
      />
    </div>
  )
}

function Minute({ label, minute, set }: { label: string; minute: number; set(minute: number): void }) {
  const two = (value: number): string => String(value).padStart(2, '0')
  const typed = useTyped(`${two(Math.floor(minute / 60))}:${two(minute % 60)}`, (said) => {
    const [hour, rest] = said.split(':').map(Number)
    if (hour !== undefined && rest !== undefined && !Number.isNaN(hour * rest)) set(hour * 60 + rest)
  })
  return (
    <label>
      {label} <input class="field-in" type="time" {...typed} />
    </label>
  )
}
