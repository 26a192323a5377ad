// In the place of registry.gen.ts wherever a test runs with the tiny kernel: see `tinyKernel` in vitest.config.ts.
import { tinyKernel } from './tiny-kernel.fixtures.ts'

export const kernelName = () => 'mc/1/insurance.v1'
export const kernels = new Map([[kernelName(), tinyKernel]])
