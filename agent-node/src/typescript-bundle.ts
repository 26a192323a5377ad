// A program written in TypeScript as one script, for a thread or a process that knows no TypeScript: teaching it to a fresh
// one takes half a second of processor time and more, each anew. It is made once a process.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'

/** A thread evaluates CommonJS; a process takes a module, which may wait at its top. */
export type BundleFormat = 'cjs' | 'esm'

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
  const { outputFiles } = await build({
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
  })
  const [script] = outputFiles
  if (script === undefined) throw new Error(`${file} was bundled into nothing`)
  // Its name in a stack trace.
  return `${script.text}\n//# sourceURL=${file}`
}

/** Packages in CommonJS ask for Node's own modules by it. */
const requireFrom = (file: string): string =>
  `import { createRequire as createRequireOfBundle } from 'node:module'
const require = createRequireOfBundle(${JSON.stringify(pathToFileURL(file).href)})`

/** A module finds what lies beside it by its own address, wherever its text is run. */
const wherePlugin: Plugin = {
  name: 'where',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const text = await readFile(file, 'utf8')
      const contents = text
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href))
        .replaceAll('import.meta.filename', JSON.stringify(file))
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
      return { contents, loader: 'ts' }
    }),
}
