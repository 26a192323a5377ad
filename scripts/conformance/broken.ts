// Programs with one wrong constant, to see the suite and the command fail: the domain of the refinement words, which one
// claim in a million draws. Everything else that they compute is right.
import { fromBase64, toBase64 } from '@forge/shared/exact/bytes.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { Texts } from './engine-kind.ts'

const RIGHT = 0x494e5232
const WRONG = 0x494e5233

/** For every program, on every engine, that has the constant. */
export function brokenTexts(): Texts {
  const programs = artifacts.flatMap((artifact) => Object.values(artifact.programs))
  const modules = programs.flatMap(({ wasm, wasmSimd }) => (wasmSimd === null ? [wasm] : [wasm, wasmSimd]))
  return Object.fromEntries([
    ...modules.map(({ digest, text }) => [digest, brokenModule(text)] as const),
    ...programs.map(({ wgsl }) => [wgsl.digest, wgsl.text.replaceAll(hex(RIGHT), hex(WRONG))] as const),
  ])
}

function brokenModule(text: string): string {
  const bytes = fromBase64(text)
  for (const encode of [signedLeb, littleEndian]) {
    const [right, wrong] = [encode(RIGHT), encode(WRONG)]
    for (let at = 0; at + right.length <= bytes.length; at++) {
      if (right.every((byte, i) => bytes[at + i] === byte)) bytes.set(wrong, at)
    }
  }
  return toBase64(bytes)
}

/** As the operand of `i32.const`, and of `i64.const` for these numbers. */
function signedLeb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 63) {
    bytes.push((rest & 127) | 128)
    rest >>= 7
  }
  return [...bytes, rest]
}

/** As in `v128.const`. */
const littleEndian = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 255)

const hex = (value: number): string => `0x${value.toString(16)}`
