// Tables of the self-tests, made ahead of the first agent.
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import { knownAnswerTables } from '@forge/shared/kernels/artifact.ts'
import type { Logger } from '../../logger.ts'
import type { Tables } from './tables.ts'

/** A table that fails is logged, unless the Hub is closing. */
export function warmTables(tables: Pick<Tables, 'compiled'>, logger: Logger, closing: AbortSignal): void {
  for (const { spec } of knownAnswerTables(artifacts)) {
    tables.compiled(spec).catch((error: unknown) => {
      if (!closing.aborted) logger.error({ err: error }, 'a table failed')
    })
  }
}
