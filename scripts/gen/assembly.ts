// From a kernel's AssemblyScript to its WASM bytes, in memory. The compiler's version is pinned and its options are
// here, so that the same source gives the same bytes on every machine.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import asc from 'assemblyscript/asc'

/** Four pages, fixed: a kernel that needs more says so here, for all. */
const OPTIONS = '-O3 --runtime stub --noAssert --noColors --initialMemory 4 --maximumMemory 4'.split(' ')

export async function compileAssembly(file: string): Promise<Uint8Array> {
  const source = readFileSync(file, 'utf8')
  const entry = path.basename(file)
  let wasm: Uint8Array | undefined
  const { error, stderr } = await asc.main([entry, '--outFile', 'kernel.wasm', ...OPTIONS], {
    readFile: (name) => (name === entry ? source : null),
    listFiles: () => [],
    writeFile(_, contents) {
      if (typeof contents !== 'string') wasm = contents
    },
  })
  if (error !== null || wasm === undefined) throw new Error(`${entry} does not compile:\n${stderr.toString()}`)
  return wasm
}
