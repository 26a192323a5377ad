// What a person is told of an engine that this machine does not have, and of one that failed here.
import { expect, it } from 'vitest'
import { chooseEngine } from './engine-host.ts'
import { EngineAbsent, EngineError } from './engines/engine.ts'

it.each([
  ['absent', new EngineAbsent('this machine offers no WebGPU adapter')],
  ['refused', new EngineError('this machine offers a broken adapter')],
])('an engine is %s', async (outcome, error) => {
  const choice = chooseEngine([{ engine: 'webgpu', open: () => Promise.reject(error), chances: 1 }], () => undefined)
  await expect(choice.next()).rejects.toThrow(/^WebGPU: This machine offers/)
  expect(choice.reports()).toMatchObject([{ engine: 'webgpu', outcome }])
})
