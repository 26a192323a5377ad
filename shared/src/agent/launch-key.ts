// One name for all that an assignment's launch is made of, so that equal launches stay loaded.
import type { Assignment } from '../contract/agent-events.ts'

export const launchKey = ({ kernelDigest, program, constants, tables }: Assignment): string =>
  [
    kernelDigest,
    program,
    constants.join(),
    ...Object.entries(tables)
      .map(([name, of]) => `${name}=${of}`)
      .toSorted(),
  ].join(' ')
