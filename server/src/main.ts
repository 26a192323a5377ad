// `pnpm start`: reads the environment, starts the server, says where it is, and stops it cleanly when asked.
import { ConfigError, settingsHelp, loadConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { startServer } from './server.ts'
import { DirectoryInUse } from './store/directory-lock.ts'
import { startText } from './web-core/start-text.ts'

if (process.argv.includes('--help')) {
  console.log(settingsHelp())
  process.exit(0)
}
try {
  const config = loadConfig(process.env)
  const logger = createLogger(config.logLevel)
  for (const name of config.notYetUsed) logger.warn(`${name} is set, but this version has no use for it yet`)
  const server = await startServer(config, logger)
  console.log(
    startText({ url: config.publicUrl ?? server.url, madeKey: server.madeKey, keyConfigured: config.apiKey !== null }),
  )
  logger.info({ url: server.url }, 'listening')
  let stopping = false
  const stop = (signal: string): void => {
    // A second signal ends it at once.
    if (stopping) process.exit(1)
    stopping = true
    logger.info({ signal }, 'stopping')
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the server did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
} catch (error) {
  // What the operator can mend is a sentence; anything else is ours, and wants its stack.
  console.error(sentenceFor(error) ?? error)
  process.exit(1)
}

function sentenceFor(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof DirectoryInUse) return error.message
  if (!(error instanceof Error && 'code' in error)) return null
  if (error.code === 'EADDRINUSE') return `${error.message}. Another program listens there: choose another PORT.`
  if (error.code === 'EACCES')
    return `${error.message}. Choose a PORT above 1023, or a FORGE_DATA_DIR that can be written.`
  if (error.code === 'EADDRNOTAVAIL') return `${error.message}. HOST is not an address of this machine.`
  if (error.code === 'ENOTDIR' || error.code === 'ENOENT') return `FORGE_DATA_DIR cannot be a folder: ${error.message}`
  if (error.code === 'ENOTFOUND') return `${error.message}. HOST, or the host in DATABASE_URL, has no address.`
  if (error.code === 'ECONNREFUSED') return `The database at DATABASE_URL does not answer: ${error.message}`
  // SQLSTATE: no such database, no such role or a wrong password.
  if (/^(3D000|28...)$/.test(String(error.code))) return `The database at DATABASE_URL refuses: ${error.message}`
  return null
}
