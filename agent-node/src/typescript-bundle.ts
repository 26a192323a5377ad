// A program written in TypeScript as one script, for a thread or a process that knows no TypeScript: teaching it to a fresh
// one takes half a second of processor time and more, each anew. It is made once a process.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Esbuild from 'esbuild'

/** A thread evaluates CommonJS; a process takes a module, which may wait at its top. */
export type BundleFormat = 'cjs' | 'esm'

/** It cannot be bundled itself, and what was bundled may start what is: so it is found from here, wherever this text runs. */
const esbuild = (): typeof Esbuild => createRequire(import.meta.url)('esbuild')

const bundles = new Map<string, Promise<string>>()

/** Rejects where the program at `entry` cannot be bundled; what failed once, for want of a file handle perhaps, is tried anew. */
export function typescriptBundle(entry: URL, format: BundleFormat): Promise<string> {
  const file = fileURLToPath(entry)
  const key = `${format} ${file}`
  const bundle = bundles.get(key) ?? bundled(file, format)
  bundles.set(key, bundle)
  bundle.catch(() => bundles.delete(key))
  return bundle
}

async function bundled(file: string, format: BundleFormat): Promise<string> {
  const { outputFiles } = await withBundler(({ build }) =>
    build({
      entryPoints: [file],
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node20',
      format,
      // A binary, which is loaded where it is asked for.
      external: ['webgpu'],
      plugins: [wherePlugin],
      logLevel: 'silent',
      ...(format === 'esm' ? { banner: { js: requireFrom(file) } } : {}),
    }),
  )
  const [script] = outputFiles
  if (script === undefined) throw new Error(`${file} was bundled into nothing`)
  // Its name in a stack trace.
  return `${script.text}\n//# sourceURL=${file}`
}

let stops = 0

/** esbuild's process, once it has died, stays dead until it is stopped; then it is tried with a new one, once. */
async function withBundler<T>(build: (bundler: typeof Esbuild) => Promise<T>): Promise<T> {
  const bundler = esbuild()
  const before = stops
  try {
    return await build(bundler)
  } catch (error) {
    const isOfProgram = error instanceof Error && 'errors' in error
    if (isOfProgram) throw error
    // Whoever fails first; the others would stop the new one.
    if (stops === before) {
      stops++
      await bundler.stop()
    }
    return build(bundler)
  }
}

/** Packages in CommonJS ask for Node's own modules by it. */
const requireFrom = (file: string): string =>
  `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(${JSON.stringify(pathToFileURL(file).href)})`

/** A module finds what lies beside it by its own address, wherever its text is run. */
const wherePlugin: Esbuild.Plugin = {
  name: 'where',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8')
      const where = { url: pathToFileURL(file).href, filename: file, dirname: path.dirname(file) }
      // Written so that it does not replace itself where this module is bundled.
      const contents = Object.entries(where).reduce(
        (read, [name, is]) => read.replaceAll(`import.meta.${name}`, JSON.stringify(is)),
        text,
      )
      return { contents, loader: 'ts' }
    }),
}
