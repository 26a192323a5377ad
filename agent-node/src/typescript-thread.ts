// Worker threads written in TypeScript. A fresh thread of Node 20 knows no TypeScript, and teaching it takes half a second of
// processor time, each thread anew: so the thread's program is bundled into one script, once a process.
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const bundles = new Map<string, Promise<string>>()

/** Starts the program at `entry` in a thread that inherits no options of this one. Rejects where it cannot be bundled. */
export async function typescriptThread(entry: URL, workerData?: unknown): Promise<Worker> {
  const path = fileURLToPath(entry)
  const bundle = bundles.get(path) ?? bundled(path)
  bundles.set(path, bundle)
  // What failed once, for want of a file handle perhaps, is tried again by the next who asks.
  bundle.catch(() => bundles.delete(path))
  return new Worker(await bundle, { eval: true, execArgv: [], workerData })
}

async function bundled(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    // What a thread evaluates is CommonJS.
    format: 'cjs',
    logLevel: 'silent',
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`${path} was bundled into nothing`)
  // Its name in a stack trace.
  return `${file.text}\n//# sourceURL=${path}`
}
