// Four projects. `unit` is the laws that lie beside the code: its files share two workers and the modules loaded there, for
// a worker each would load them 130 times, longer than the laws take. So a file leaves globals, timers and the environment
// as it found them. `unit-tiny` is those that run the Hub with a tiny kernel in the real one's place, in all modules that
// they share. `--project 'unit*'` means both. `e2e` is the stories told from outside with a real server and a real browser,
// each with port and data of its own. FORGE_TEST_ALL=1 adds the slow suites (*.slow.ts), of which the stories go one after
// another; FORGE_TEST_REPORT names a file for the counts, as JSON.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { defineConfig } from 'vitest/config'

const all = process.env['FORGE_TEST_ALL'] === '1'
const report = process.env['FORGE_TEST_REPORT']
const roots = ['shared', 'server', 'agent-node', 'agent-web', 'client', 'hq-web', 'scripts']
const unit = [
  `{${roots.join(',')}}/**/*.test.ts`,
  'test/house.test.ts',
  ...(all ? [`{${roots.join(',')}}/**/*.slow.ts`] : []),
]
const files = roots.filter((root) => existsSync(path.join(import.meta.dirname, root))).flatMap(filesOf)
const saying = (what: RegExp) => files.filter((file) => what.test(readFileSync(file, 'utf8')))
const tiny = saying(/\/(tiny-pool|tiny-kernel|backup)\.fixtures\.ts'/)
const mocking = saying(/\bvi\.(mock|doMock)\(/)
if (mocking.length > 0) {
  throw new Error(`${mocking.join(', ')}: a mocked module is mocked for whoever comes next; spy on what it exports.`)
}

const shared = {
  globalSetup: ['test/seed.ts'],
  setupFiles: ['test/setup.ts'],
  exclude: ['**/node_modules/**', '**/dist/**'],
  maxWorkers: 2,
}
const units = { ...shared, testTimeout: 20_000 }

// Aliases, not mocks: a mock holds for one file, and files that share their modules see one registry.
const edge = path.join(import.meta.dirname, 'server/src/hub/edge')
const tinyKernel = {
  name: 'tiny-kernel',
  enforce: 'pre' as const,
  resolveId: (source: string) =>
    /\/(registry|artifacts)\.gen\.ts$/.test(source)
      ? path.join(edge, `tiny-${path.basename(source, '.gen.ts')}.fixtures.ts`)
      : null,
}

// A page shows what it was told a frame or a request later: what a story expects of it is asked for until it is so.
const stories = { ...shared, testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 20_000 } } }
const slow = {
  test: {
    ...stories,
    name: 'slow',
    include: ['test/**/*.slow.ts'],
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        test: {
          ...units,
          name: 'unit',
          include: unit,
          exclude: [...shared.exclude, ...tiny],
          isolate: false,
        },
      },
      { plugins: [tinyKernel], test: { ...units, name: 'unit-tiny', include: tiny, isolate: false } },
      { test: { ...stories, name: 'e2e', include: ['test/**/*.e2e.ts'], isolate: false } },
      ...(all ? [slow] : []),
    ],
  },
})

function filesOf(root: string): string[] {
  const ends = all ? /\.(test|slow)\.ts$/ : /\.test\.ts$/
  const found = readdirSync(path.join(import.meta.dirname, root), { recursive: true, encoding: 'utf8' })
  return found.filter((file) => ends.test(file) && !file.includes('node_modules')).map((file) => path.join(root, file))
}
