// Put before the server's main.ts by `--import`: whoever asks for the registry of kernels or for the artifacts gets the
// no-op kernel. All else of the server is as it is. In plain JavaScript because Node's loader thread reads it itself.
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) register(import.meta.url)

const GENERATED = /\/shared\/src\/kernels\/(registry|artifacts)\.gen\.ts$/

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  if (!GENERATED.test(found.url)) return found
  return { ...found, url: new URL('no-op-kernel.ts', import.meta.url).href }
}
