// The fifth band: the output. For insurance losses as plots and tables, for anything else as the JSON that it is.
import { useEffect, useState } from 'preact/hooks'
import { addressOf } from '../api.ts'
import { amount, count, duration, error, percent } from '../format.ts'
import { Button } from '../parts/button.tsx'
import { Copy, saveJson } from '../parts/copy.tsx'
import { Heads } from '../parts/heads.tsx'
import { words } from '../words.ts'
import { BandSection } from './band.tsx'
import { mendLanguage } from './language.ts'
import { lossOf, returnsOf, type Figure, type Loss } from './loss.ts'
import type * as plotsModule from './plots.tsx'
import type { When } from './time-line.tsx'
import { hasEnded, type Job } from './use-job.ts'

export function ReduceBand({ job, span }: { job: Job; span: When }) {
  const { later, ended, output, result } = words.job.reduce
  const hub = job.hub
  if (hub === undefined) {
    return (
      <BandSection band="reduce" span={span}>
        <p class="say soft">{hasEnded(job) ? ended : later}</p>
      </BandSection>
    )
  }
  const loss = lossOf(hub.output)
  const address = addressOf('/api/v0/jobs/{id}', { params: { id: job.job_id } })
  return (
    <BandSection band="reduce" span={span}>
      {loss === null ? (
        <pre tabIndex={0} role="region" aria-label={output}>
          <code>{JSON.stringify(hub.output, null, 2)}</code>
        </pre>
      ) : (
        <LossOutput loss={loss} />
      )}
      <div class="cols sub">
        {loss !== null && <Quantiles loss={loss} />}
        <Metrics hub={hub} loss={loss} />
      </div>
      <p class="acts after">
        <Button small onPress={() => saveJson(`result-${job.job_id}.json`, job)}>
          {words.download} {result}
        </Button>
        <Copy text={JSON.stringify(hub.output, null, 2)} what={result} shown />
        <a class="btn small" href={address}>
          {words.form.json_}
        </a>
      </p>
    </BandSection>
  )
}

/** The plots come when one is shown: most views have none. Null until they are here. */
function usePlots(): typeof plotsModule | 'failed' | null {
  const [plots, setPlots] = useState<typeof plotsModule | 'failed' | null>(null)
  useEffect(() => {
    mendLanguage(navigator)
    import('./plots.tsx').then(setPlots, () => setPlots('failed'))
  }, [])
  return plots
}

function LossOutput({ loss }: { loss: Loss }) {
  const plots = usePlots()
  const { curve, curveNote, curveAxis, distribution, distributionNote, askCurve, noPlots, twoLines } = words.job.reduce
  if (loss.aep === undefined || loss.aep.length < 2) return <p class="soft">{askCurve}</p>
  if (plots === null) return null
  if (plots === 'failed') {
    return (
      <>
        <p class="soft">{noPlots}</p>
        <Returns loss={loss} />
      </>
    )
  }
  const { CurvePlot, DistributionPlot } = plots
  return (
    <>
      <h3>
        {curve} <span>{curveNote}</span>
      </h3>
      {loss.oep !== undefined && <p class="cap">{twoLines}</p>}
      <CurvePlot loss={loss} curve={loss.aep} />
      <p class="cap axis">{curveAxis}</p>
      <Returns loss={loss} />
      <h3 class="sub">
        {distribution} <span>{distributionNote}</span>
      </h3>
      <DistributionPlot curve={loss.aep} />
      <p class="cap axis">{curveAxis}</p>
    </>
  )
}

/** The curves as figures. */
function Returns({ loss }: { loss: Loss }) {
  const { curveTable, returnHeads, pastEnd } = words.job.reduce
  const { years, aep } = returnHeads
  const hasEvents = loss.oep !== undefined
  return (
    <details class="after">
      <summary>{curveTable}</summary>
      <table class="q-tab">
        <caption class="sr">{curveTable}</caption>
        <Heads of={hasEvents ? returnHeads : { years, aep }} right={['aep', 'oep']} />
        <tbody>
          {returnsOf(loss).map((row) => (
            <tr key={row.years}>
              <th scope="row">{count(row.years)}</th>
              <td class="r">{amount(row.aep)}</td>
              {hasEvents && <td class="r">{row.oep === undefined ? pastEnd : amount(row.oep)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}

export const figureText = (figure: Figure): string =>
  typeof figure === 'number' ? amount(figure) : words.job.answer.between(amount(figure.lower), amount(figure.upper))

function Quantiles({ loss }: { loss: Loss }) {
  const { quantiles, heads } = words.job.reduce
  return (
    <div>
      <h3>{quantiles}</h3>
      <div class="scroll inner" tabIndex={0} role="region" aria-label={quantiles}>
        <table class="q-tab">
          <thead>
            <tr>
              {[heads.p, heads.years, heads.var, heads.tvar].map((head, n) => (
                <th key={head} scope="col" class={n > 0 ? 'r' : ''}>
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {loss.quantiles.map(({ p, var: value, tvar }) => (
              <tr key={p}>
                <th scope="row">{p}</th>
                <td class="r">{amount(1 / (1 - p))}</td>
                <td class="r">{figureText(value)}</td>
                <td class="r">{figureText(tvar)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

function Metrics({ hub, loss }: { hub: NonNullable<Job['hub']>; loss: Loss | null }) {
  const say = words.job.reduce
  const { metrics, verification } = hub
  const about = (figure: number | null): string => (figure === null ? '' : `± ${error(figure)}`)
  const ofLoss: readonly (readonly [string, string, string])[] =
    loss === null
      ? []
      : [
          [say.mean, amount(loss.mean), about(loss.std_error)],
          ...(loss.variance === null
            ? []
            : [[say.variance, amount(loss.variance), about(loss.variance_std_error)] as const]),
          [say.noLoss, percent(loss.p_zero, 4), ''],
        ]
  const rows: readonly (readonly [string, string, string])[] = [
    ...ofLoss,
    [say.wall, duration(metrics.wall_ms), ''],
    [say.kernel, duration(metrics.kernel_ms), say.kernelNote],
    [say.executions, count(verification.executions), say.executionsNote(count(metrics.shards))],
  ]
  return (
    <div>
      <h3>{say.moments}</h3>
      <dl class="kv">
        {rows.map(([term, value, note]) => (
          <>
            <dt>{term}</dt>
            <dd>
              {value} <span class="cap">{note}</span>
            </dd>
          </>
        ))}
      </dl>
    </div>
  )
}
