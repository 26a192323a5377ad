// In the place of artifacts.gen.ts wherever a test runs with the tiny kernel: see `tinyKernel` in vitest.config.ts.
import { tinyKernel } from './tiny-kernel.fixtures.ts'
import { kernelName } from './tiny-registry.fixtures.ts'

export const artifacts = [{ name: kernelName(), kernelDigest: tinyKernel.digest, programs: [], knownAnswers: [] }]
