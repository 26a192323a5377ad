// Programs with one wrong constant, to see the suite and the command fail: the domain of words that few years draw.
// Everything else that they compute is right.
import { fromBase64, toBase64 } from '@forge/shared/exact/bytes.ts'
import { artifacts } from '@forge/shared/kernels/artifacts.gen.ts'
import type { Texts } from './engine-kind.ts'

/** One claim in a million draws a refinement; a catastrophe is drawn by as many years as the contract says. */
const DOMAINS = { refinement: 0x494e5232, catastrophe: 0x494e4333 }

/** For every program, on every engine, that has the constant. */
export function brokenTexts(what: keyof typeof DOMAINS): Texts {
  const right = DOMAINS[what]
  const programs = artifacts.flatMap((artifact) => Object.values(artifact.programs))
  const modules = programs.flatMap(({ wasm, wasmSimd }) => (wasmSimd === null ? [wasm] : [wasm, wasmSimd]))
  return Object.fromEntries([
    ...modules.map(({ digest, text }) => [digest, brokenModule(text, right)] as const),
    ...programs.map(({ wgsl }) => [wgsl.digest, wgsl.text.replaceAll(hex(right), hex(wrongOf(right)))] as const),
  ])
}

function brokenModule(text: string, constant: number): string {
  const bytes = fromBase64(text)
  for (const encode of [signedLeb, littleEndian]) {
    const [right, wrong] = [encode(constant), encode(wrongOf(constant))]
    for (let at = 0; at + right.length <= bytes.length; at++) {
      if (right.every((byte, i) => bytes[at + i] === byte)) bytes.set(wrong, at)
    }
  }
  return toBase64(bytes)
}

const wrongOf = (right: number): number => right ^ 1

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
