// The Hub's reasons, said in words. That the Hub still says them so, the story of HQ sees.
import { expect, test } from 'vitest'
import { reasonText } from './reason.ts'

test.each([
  ['any', '', 'Waiting for agents: 0 online, 2 needed.'],
  ['gpu', ' in pool "in-house"', 'Waiting for agents: 0 online, 2 needed, with WebGPU in pool in-house.'],
  [
    'cpu',
    ' in pool "a" in region "west"',
    'Waiting for agents: 0 online, 2 needed, with WASM in pool a in region west.',
  ],
])('a job of target %s at%s', (target, where, said) => {
  const reason = `waiting for agents: 0 of min_agents 2 are online with an engine for target "${target}"${where}`
  expect(reasonText(reason)).toBe(said)
})

test('what it failed for at its deadline', () => {
  const waited = 'waiting for agents: 0 of min_agents 1 are online with an engine for target "gpu"'
  expect(reasonText(`At the deadline the job was still ${waited}.`)).toBe(
    'At the deadline the job still had too few. Waiting for agents: 0 online, 1 needed, with WebGPU.',
  )
})

test('nobody who could go on, and what has no words of its own', () => {
  expect(reasonText('no agent with an engine for target "gpu" is online')).toBe(
    'No agent is online that could go on, with WebGPU.',
  )
  expect(reasonText('the agents online are busy or may not run what is left')).toBe(
    'The agents online are busy or may not run what is left.',
  )
  expect(reasonText('The store is full.')).toBe('The store is full.')
})
