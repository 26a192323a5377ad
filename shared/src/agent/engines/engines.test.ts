// WASM, with SIMD and without, and the reference under every kernel's case suite; WebGPU needs a machine, see scripts/machine.
import { itComputes } from '../../kernels/kernel.case.ts'
import { insuranceCase } from '../../kernels/mc.insurance.v1/insurance.case.ts'
import { createReferenceEngine } from './reference-engine.ts'
import { createWasmEngine } from './wasm-engine.ts'

const { artifact } = insuranceCase

itComputes(insuranceCase, 'wasm with SIMD', { open: async () => createWasmEngine([artifact]), unitsMax: 200_003 })
itComputes(insuranceCase, 'wasm without SIMD', {
  open: async () => createWasmEngine([artifact], { simd: false }),
  unitsMax: 200_003,
})
itComputes(insuranceCase, 'reference', { open: async () => createReferenceEngine([artifact]), unitsMax: 2003 })
