// The page and its worker as a browser loads them, bundled in memory by the tool that bundles the volunteer's page.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Texts by their file's name; `page.js` is the entry. */
export async function bundlePage(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    root: fileURLToPath(new URL('page', import.meta.url)),
    logLevel: 'error',
    worker: { format: 'es' },
    build: {
      write: false,
      target: 'es2023',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: fileURLToPath(new URL('page/page.ts', import.meta.url)),
        output: { entryFileNames: 'page.js' },
      },
    },
  })
  if (!('output' in built)) throw new TypeError('the bundler gave more or less than one bundle')
  return new Map(built.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]))
}
