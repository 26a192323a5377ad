// How a process of ours is started so that it reads TypeScript as this one does: by tsx, found from here and not from the
// working directory.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

export const bearsTypeScript = {
  execArgv: ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href],
}
