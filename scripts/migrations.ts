// `pnpm gen` writes the migration that the schema asks for; `--check` fails when there is one that nobody has written. It
// generates into a copy, so that a check changes nothing.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = path.join('server', 'drizzle')

function generate(out: string): void {
  const made = spawnSync('drizzle-kit', ['generate', '--config', 'server/drizzle.config.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      FORGE_DRIZZLE_OUT: out,
      PATH: [path.join(root, 'node_modules', '.bin'), process.env['PATH']].join(path.delimiter),
    },
  })
  if (made.status !== 0) throw new Error(`drizzle-kit failed: ${made.error?.message ?? `${made.stdout}${made.stderr}`}`)
}

const files = (directory: string): string[] => readdirSync(path.join(root, directory)).toSorted()

if (process.argv.includes('--check')) {
  // Relative to the checkout, because drizzle-kit mangles an absolute path.
  const copy = path.relative(root, mkdtempSync(path.join(root, 'node_modules', '.migrations-')))
  try {
    cpSync(path.join(root, folder), path.join(root, copy), { recursive: true })
    generate(copy)
    const missing = files(copy).filter((file) => !files(folder).includes(file))
    if (missing.length > 0) {
      console.error(`server/drizzle lacks ${missing.join(', ')}: the schema has changed. Run "pnpm gen" and commit it.`)
      process.exitCode = 1
    }
  } finally {
    rmSync(path.join(root, copy), { recursive: true, force: true })
  }
} else generate(folder)
