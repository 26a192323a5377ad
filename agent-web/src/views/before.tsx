// Before Start: the picture, what will be used, and what is promised.
import { useEffect, useRef } from 'preact/hooks'
import { drawField } from '../field.ts'
import { SETTING_LIMITS, takes } from '../settings.ts'
import { CONTROL, FACTS, HERO, KINDS, PROMISES } from '../text.ts'
import { Amount } from './control.tsx'
import type { PageProps } from './page-props.ts'
import { Check } from './parts.tsx'

export function Picture() {
  const svg = useRef<SVGSVGElement>(null)
  useEffect(() => {
    if (svg.current) drawField(svg.current)
  }, [])
  const { accepted, running, yours } = HERO.keys
  return (
    <figure>
      <svg class="field" ref={svg} viewBox="0 0 526 438" role="img" aria-label={HERO.field} />
      <figcaption class="key">
        <span>
          <i class="shard answered" />
          {accepted}
        </span>
        <span>
          <i class="shard running" />
          {running}
        </span>
        <span>
          <i class="shard yours" />
          {yours}
        </span>
      </figcaption>
    </figure>
  )
}

export function Facts(page: PageProps) {
  const { settings, set, cores, pool, options } = page
  const workers = options.threads ?? settings.workers
  return (
    <section class="facts" aria-labelledby="use-head">
      <h2 id="use-head">{FACTS.head}</h2>
      <dl>
        <Fact term={FACTS.power}>
          {FACTS.powerIs(workers, cores, settings.cpu, settings.gpu)}
          <Amount {...page} />
        </Fact>
        <Fact term={FACTS.data}>
          {FACTS.dataIs} <DataCap {...page} />
        </Fact>
        <Fact term={FACTS.network}>{FACTS.networkIs(pool?.networks_days)}</Fact>
        <Fact term={FACTS.key}>{FACTS.keyIs}</Fact>
        <Fact term={FACTS.kinds}>
          <Kinds {...page} />
        </Fact>
        <Fact term={FACTS.name}>
          {FACTS.nameIs}
          <label class="sr" for="name">
            {FACTS.nameLabel}
          </label>
          <input
            id="name"
            class="field-in wide"
            maxLength={SETTING_LIMITS.nameCharactersMax}
            autocomplete="nickname"
            value={settings.name}
            onChange={({ currentTarget }) => set({ name: currentTarget.value })}
          />
        </Fact>
      </dl>
    </section>
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
  return (
    <span>
      {CONTROL.capBefore}{' '}
      <input
        class="field-in"
        inputMode="numeric"
        aria-label={CONTROL.cap}
        value={settings.dataCapMb ?? ''}
        onChange={({ currentTarget }) => {
          const megabytes = Math.round(Number(currentTarget.value))
          const counts = currentTarget.value.trim() !== '' && megabytes >= 1 && megabytes <= SETTING_LIMITS.dataCapMbMax
          currentTarget.value = counts ? String(megabytes) : ''
          set({ dataCapMb: counts ? megabytes : null })
        }}
      />{' '}
      {CONTROL.capAfter}
    </span>
  )
}

export const Promises = () => (
  <section class="facts" aria-labelledby="promise-head">
    <h2 id="promise-head">{PROMISES.head}</h2>
    <dl>
      {PROMISES.rows.map(([term, says]) => (
        <Fact key={term} term={term}>
          {says}
        </Fact>
      ))}
    </dl>
  </section>
)

const Fact = ({ term, children }: { term: string; children: preact.ComponentChildren }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
)
