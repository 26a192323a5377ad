// Before Start: the picture, what will be used, and what is promised.
import { useEffect, useRef } from 'preact/hooks'
import { drawField } from '../field.ts'
import { SETTING_LIMITS } from '../settings.ts'
import { FACTS, HERO, PROMISES } from '../text.ts'
import { Amount, DataCap, Kinds } from './choices.tsx'
import type { PageProps } from './page-props.ts'
import { useTyped } from './typed.ts'

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
        <span>{HERO.note}</span>
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
  const typedName = useTyped(settings.name, (name) => set({ name }))
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
            {...typedName}
          />
        </Fact>
      </dl>
    </section>
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
