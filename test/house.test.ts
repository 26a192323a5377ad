// The rules of the house that the linter cannot say, each with a message that names the better way.
// They read the files as text; what a rule means is in docs, what it forbids is here.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.forge', '.cache', 'test-results'])
const TEXT = /\.(tsx?|mts|js|mjs|json|md|html|css|wgsl|sql|ya?ml|sh)$|^\.ci\//
const OPENS_WITH_COMMENT = /\.(tsx?|mts|css|wgsl)$/
// Fixtures are part of the tests that use them.
const TEST_FILE = /\.(test|case|slow|e2e|fixtures)\.ts$/

const files = walk('').filter((file) => TEXT.test(file))

test('the house has files to look at', () => {
  expect(files).toContain('package.json')
  expect(files).toContain('test/house.test.ts')
})

test('every file opens with a comment', () => {
  const silent = files.filter((file) => OPENS_WITH_COMMENT.test(file) && !/^(#!.*\n)?\s*(\/\/|\/\*)/.test(read(file)))
  expect(silent, 'Open the file with two or three sentences: what it is for and what it leaves to others.').toEqual([])
})

test('no file names a folder of one machine', () => {
  // Written in parts, so that this file does not find itself.
  const folders = ['work', 'root', 'home', 'Users'].join('|')
  const machinePath = new RegExp(`(^|[\\s'"\`(=:])/(${folders})/[\\w.-]`, 'm')
  const better =
    'Build the path from import.meta.url, os.homedir() or os.tmpdir(); in text, write it from the checkout.'
  expect(linesMatching(machinePath), better).toEqual([])
})

test('no file names a package registry', () => {
  const registry = new RegExp(['registry\\.npm', 'npmmirror', 'artifactory', 'verdaccio', '_authToken'].join('|'), 'i')
  const here = 'test/house.test.ts'
  const found = linesMatching(registry).filter((line) => !line.startsWith(here))
  expect(found, 'Where packages come from is the setting of whoever installs; leave it out.').toEqual([])
})

test('shared imports nobody else', () => {
  const allowed = dependenciesOf('shared/package.json')
  const foreign = files
    .filter((file) => file.startsWith('shared/src/') && file.endsWith('.ts'))
    .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
    .filter(({ file, specifier }) => {
      if (specifier.startsWith('.')) return !resolved(file, specifier).startsWith('shared/src/')
      // Chosen for Node and for browsers in its package.json; what is for Node alone says so in its name.
      if (specifier.startsWith('#') || (file.endsWith('.node.ts') && specifier.startsWith('node:'))) return false
      const testing = TEST_FILE.test(file) && /^(node:|vitest$|fast-check$)/.test(specifier)
      return !testing && !allowed.has(packageOf(specifier))
    })
    .map(({ file, specifier }) => `${file} imports ${specifier}`)
  expect(foreign, 'shared runs in a browser, a worker and Node alike: pass in what it needs.').toEqual([])
})

test('packages import each other by name, never by a path through the fence', () => {
  const packages = ['shared', 'server', 'agent-web', 'agent-node', 'client', 'hq-web']
  const climbing = files
    .filter((file) => packages.some((name) => file.startsWith(`${name}/`)) && /\.tsx?$/.test(file))
    .filter((file) => !TEST_FILE.test(file))
    .flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })))
    .filter(({ specifier }) => specifier.startsWith('.'))
    .filter(({ file, specifier }) => resolved(file, specifier).split('/')[0] !== file.split('/')[0])
    .map(({ file, specifier }) => `${file} imports ${specifier}`)
  expect(climbing, 'Write @forge/<package>/<path> and name the package in package.json.').toEqual([])
})

function walk(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = path.posix.join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : walk(relative)
    return entry.isFile() ? [relative] : []
  })
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8')
}

function linesMatching(pattern: RegExp): string[] {
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  )
}

function importsOf(file: string): string[] {
  const found = read(file).matchAll(
    /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/g,
  )
  return [...found].flatMap(([, statement, call]) => statement ?? call ?? [])
}

function resolved(file: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(file), specifier)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function dependenciesOf(manifest: string): Set<string> {
  const parsed: unknown = JSON.parse(read(manifest))
  if (typeof parsed !== 'object' || parsed === null || !('dependencies' in parsed)) return new Set()
  return new Set(Object.keys(parsed.dependencies ?? {}))
}
