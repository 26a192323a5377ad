// From a kernel's AssemblyScript to its WASM bytes, in memory. The compiler's version is pinned and its options are
// here, so that the same source gives the same bytes on every machine.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import asc from 'assemblyscript/asc'
import { philox, philox8 } from './philox-rounds.ts'

const OPTIONS = '-O3 --runtime stub --noAssert --noColors'.split(' ')

export interface AssemblyOptions {
  /** Put before the source: the constants that choose between its variants. */
  readonly prelude?: string
  readonly simd?: boolean
  /** Of 64 KiB, fixed. */
  readonly pages: number
}

export async function compileAssembly(
  file: string,
  { prelude = '', simd = false, pages }: AssemblyOptions,
): Promise<Uint8Array> {
  const source = prelude + philox() + (simd ? philox8() : '') + readFileSync(file, 'utf8')
  const entry = path.basename(file)
  const options = ['--initialMemory', `${pages}`, '--maximumMemory', `${pages}`, ...(simd ? ['--enable', 'simd'] : [])]
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main([entry, '--outFile', 'kernel.wasm', ...OPTIONS, ...options], {
    readFile: (name) => (name === entry ? source : null),
    listFiles: () => [],
    writeFile(_, contents) {
      if (typeof contents !== 'string') wasm = contents
    },
  })
  if (error !== null || wasm === undefined) throw new Error(`${entry} does not compile:\n${stderr.toString()}`)
  return wasm
}
