// `pnpm start`: reads the environment, starts the server, says where it is, and stops it cleanly when asked.
import { settingsHelp, loadConfig, secretsOf, warningsOf } from './config.ts'
import { createLogger } from './logger.ts'
import { sentenceFor } from './sentence-for.ts'
import { startServer } from './server.ts'
import { startText } from './web-core/start-text.ts'

/**
 * A stop that hangs on something, as on a database that says nothing more, is ended: below the 30 s after which compose and
 * others kill, so that the log says why. What was acknowledged is durable.
 */
const STOP_MS_MAX = 25_000

if (process.argv.includes('--help')) {
  console.log(settingsHelp())
  process.exit(0)
}
try {
  const config = loadConfig(process.env)
  const logger = createLogger(config.logLevel, undefined, secretsOf(config))
  for (const sentence of warningsOf(config)) logger.warn(sentence)
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
    setTimeout(() => {
      logger.error({ ms: STOP_MS_MAX }, 'the stop hangs on something and is given up')
      process.exit(1)
    }, STOP_MS_MAX).unref()
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
