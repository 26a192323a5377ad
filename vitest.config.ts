// Two projects: `unit` is the laws that lie beside the code, `e2e` the stories told from outside with a real server and a
// real browser. FORGE_TEST_ALL=1 adds the slow suites (*.slow.ts); FORGE_TEST_REPORT names a file for the counts, as JSON.

import { defineConfig } from 'vitest/config'

const all = process.env['FORGE_TEST_ALL'] === '1'
const report = process.env['FORGE_TEST_REPORT']
const unitRoots = '{shared,server,agent-node,agent-web,client,hq-web,scripts}'

const shared = {
  globalSetup: ['test/seed.ts'],
  setupFiles: ['test/setup.ts'],
  exclude: ['**/node_modules/**', '**/dist/**'],
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [`${unitRoots}/**/*.test.ts`, 'test/house.test.ts', ...(all ? [`${unitRoots}/**/*.slow.ts`] : [])],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/**/*.e2e.ts', ...(all ? ['test/**/*.slow.ts'] : [])],
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
