// Writes what is generated: each kernel's programs, digest and known answers, the lists of all kernels, and the API's types.
// `pnpm gen` writes, `--check` only compares and fails with a sentence, `--vectors` first fills in the answers of every
// vectors.json from the reference. An engine never writes vectors: engines are what is checked against them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { compileTable, tableKey } from '@forge/shared/distributions/table.ts'
import type { Kernel, TableSpec } from '@forge/shared/kernels/kernel.ts'
import type { WasmVariant, WgslVariant } from '@forge/shared/kernels/variant.ts'
import { answered, vectorsSchema } from '@forge/shared/kernels/vectors.ts'
import { compileAssembly } from './gen/assembly.ts'
import { artifactsFile, digestFile, enginesFile, registryFile } from './gen/kernel-files.ts'
import { normalNodesFile } from './gen/normal-nodes.ts'
import { openApiDocument } from '@forge/server/web-core/openapi/document.ts'
import { ROUTES } from '@forge/server/web-core/routes/all-routes.ts'
import { apiTypes } from '../hq-web/gen/api-types.ts'

const root = path.resolve(import.meta.dirname, '..')
const home = path.join(root, 'shared/src/kernels')

async function main(options: ReadonlySet<string>): Promise<number> {
  const folders = readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
  const generated = new Map<string, string>()
  for (const folder of folders) {
    const file = (name: string): string => path.join(home, folder, name)
    const kernel = await kernelIn(folder)
    if (options.has('--vectors')) writeFileSync(file('vectors.json'), answeredText(file('vectors.json'), kernel))
    const vectors = vectorsSchema.parse(JSON.parse(readFileSync(file('vectors.json'), 'utf8')))
    const { wasmVariants, wgslVariants } = await variantsIn(folder)
    const wasm = await modulesOf(wasmVariants, file)
    generated.set(file('digest.gen.ts'), digestFile(kernel.id, vectors))
    generated.set(file('engines.gen.ts'), enginesFile(wasm, textsOf(wgslVariants, file), vectors))
  }
  generated.set(path.join(home, 'registry.gen.ts'), registryFile(folders))
  generated.set(path.join(home, 'artifacts.gen.ts'), artifactsFile(folders))
  generated.set(path.join(root, 'shared/src/distributions/normal-nodes.gen.ts'), normalNodesFile())
  generated.set(path.join(root, 'hq-web/src/api.gen.ts'), await apiTypes(openApiDocument(ROUTES)))

  const stale = [...generated].filter(([file, text]) => readIfThere(file) !== text)
  if (options.has('--check')) {
    for (const [file] of stale)
      console.error(`${path.relative(root, file)} is not what its sources give: run pnpm gen.`)
    return stale.length > 0 ? 1 : 0
  }
  for (const [file, text] of stale) {
    writeFileSync(file, text)
    console.log(`wrote ${path.relative(root, file)}`)
  }
  return 0
}

interface Variants {
  readonly wasmVariants: readonly WasmVariant[]
  readonly wgslVariants: readonly WgslVariant[]
}

const variantsIn = (folder: string): Promise<Variants> => import(`@forge/shared/kernels/${folder}/variants.ts`)

/** The modules of a kernel by the names of their exports. */
async function modulesOf(
  variants: readonly WasmVariant[],
  file: (name: string) => string,
): Promise<Map<string, Uint8Array>> {
  const modules = new Map<string, Uint8Array>()
  for (const { name, source, ...options } of variants) {
    modules.set(name, await compileAssembly(file(source), options))
  }
  return modules
}

/** The same for its texts. */
const textsOf = (variants: readonly WgslVariant[], file: (name: string) => string): Map<string, string> =>
  new Map(variants.map(({ name, parts }) => [name, parts.map((part) => readFileSync(file(part), 'utf8')).join('\n')]))

async function kernelIn(folder: string): Promise<Kernel> {
  const loaded: { kernel: Kernel } = await import(`@forge/shared/kernels/${folder}/kernel.ts`)
  return loaded.kernel
}

function answeredText(file: string, kernel: Kernel): string {
  const tables = new Map<string, Uint32Array>()
  const compile = (spec: TableSpec): Uint32Array => {
    const words = tables.get(tableKey(spec)) ?? compileTable(spec).words
    tables.set(tableKey(spec), words)
    return words
  }
  return `${JSON.stringify(answered(JSON.parse(readFileSync(file, 'utf8')), kernel, compile), null, 2)}\n`
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

process.exitCode = await main(new Set(process.argv.slice(2)))
