// What can be kept of an output as an array, for other contracts to refer to.
import { z } from 'zod'
import type { OutputArray } from '../kernel.ts'
import type { InsuranceArgs } from './args.ts'

const exactOutput = z.object({
  loss: z.object({
    min: z.number(),
    max: z.number(),
    quantiles: z.array(z.object({ p: z.number(), var: z.number() })),
  }),
})

/**
 * `quantiles`: the loss of a year as points (p, x) of its quantile function, from the least loss to the greatest by way of the exact
 * quantiles that were asked for: as `claim_severity.quantiles` and `cat_severity.quantiles` take it.
 */
const quantiles: OutputArray<InsuranceArgs> = {
  missing: (args) =>
    args.quantiles.length > 0 ? null : 'needs args.quantiles: without them the quantiles are intervals, not points',
  of(output) {
    const { loss } = exactOutput.parse(output)
    const points = [[0, loss.min], ...loss.quantiles.map((quantile) => [quantile.p, quantile.var]), [1, loss.max]]
    return { dtype: 'f64', shape: [points.length, 2], values: points.flat() }
  },
}

export const arrays = { quantiles }
