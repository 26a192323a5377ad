// What goes into the image and into the repository, and what must not: compose.yaml reads all secrets from a file .env that
// lies beside the sources. No engine is asked: the files that say what is copied are read.
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
const linesOf = (file: string): string[] => readFileSync(path.join(root, file), 'utf8').split('\n')

/** As container engines read a line of .dockerignore, as far as ours go: `**` and a slash is any folder or none, `*` no slash. */
function asPattern(line: string): RegExp {
  const text = line
    .replaceAll('.', String.raw`\.`)
    .replaceAll('**/', '(?:.+/)?')
    .replaceAll(/(?<!\.)\*/g, '[^/]*')
  return new RegExp(`^${text}(?:/|$)`)
}

test.each([
  '.env',
  '.env.production',
  'server/.env',
  '.git/config',
  '.forge/pglite/base',
  'server/.forge/objects/ab',
  'node_modules/tsx/package.json',
  'server/node_modules/.bin/tsx',
  'agent-web/dist/index.html',
  'server.log',
])('%s is not sent to whoever builds the image', (file) => {
  const patterns = linesOf('.dockerignore')
    .filter((line) => line !== '')
    .map(asPattern)
  expect(patterns.some((pattern) => pattern.test(file))).toBe(true)
  expect(patterns.some((pattern) => pattern.test('server/src/main.ts'))).toBe(false)
})

test('secrets, data and what is installed are not taken into the repository either', () => {
  expect(linesOf('.gitignore')).toEqual(expect.arrayContaining(['.env*', '.forge/', 'node_modules/', '*.log']))
})

/** What the last stage takes of the sources, and where it puts it. */
function copied(): [from: string, to: string][] {
  const last = linesOf('Containerfile').join('\n').split('\nFROM ').at(-1) ?? ''
  return last
    .split('\n')
    .filter((line) => /^(COPY|ADD) /.test(line))
    .map((line) => {
      const [, from = '', to = ''] = /^COPY --from=\w+ \/app\/(\S+) \/app\/(\S*)$/.exec(line) ?? []
      expect(from, `${line}: name what the server needs, not the whole folder`).not.toBe('')
      const isFile = existsSync(path.join(root, from)) && statSync(path.join(root, from)).isFile()
      return [from, isFile ? path.posix.join(to, path.posix.basename(from)) : to]
    })
}

test('the image has all that the server, its agent and the operator’s commands load, and nothing else of the sources', () => {
  const places = copied()
  expect(places.map(([, to]) => to)).toEqual(places.map(([from]) => from))
  const folders = places.map(([from]) => from)
  const loaded = filesFrom(['server/src/main.ts', 'agent-node/src/main.ts', 'scripts/forge.ts'])
  expect(loaded.size).toBeGreaterThan(100)
  const missing = [...loaded].filter((file) => !folders.some((one) => file === one || file.startsWith(`${one}/`)))
  expect(missing, 'Copy it in the last stage of Containerfile.').toEqual([])
  const used = new Set([...loaded].map((file) => file.split('/')[0]))
  const needless = folders.filter((one) => !used.has(one.split('/')[0]) && !/^(package\.json|node_modules)$/.test(one))
  expect(needless).toEqual([])
})

test('every package that they load is installed without the tools', () => {
  const loaded = filesFrom(['server/src/main.ts', 'agent-node/src/main.ts', 'scripts/forge.ts'])
  const missing = [...loaded]
    .filter((file) => /\.m?ts$/.test(file) && existsSync(path.join(root, file)))
    .flatMap((file) => {
      const folder = /^(?:server|shared|agent-node)\//.exec(file)?.[0] ?? ''
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
        readFileSync(path.join(root, folder, 'package.json'), 'utf8'),
      ) as Record<string, Record<string, string> | undefined>
      const imports = readFileSync(path.join(root, file), 'utf8').matchAll(
        /^(?:import|export|\}) (?!type ).*?from '([^'.#][^']*)'/gm,
      )
      return [...imports]
        .map(([, name = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
        .filter((name) => !name.startsWith('node:') && !(name in dependencies) && !(name in optionalDependencies))
        .map((name) => `${file}: ${name}`)
    })
  expect(missing, 'Name it among the dependencies of package.json.').toEqual([])
})

test('compose.yaml asks for each of its settings with a sentence, and at its head too', () => {
  const compose = readFileSync(path.join(root, 'compose.yaml'), 'utf8')
  const [, head = ''] = /^x-required:\n((?: {2}- .+\n)+)/m.exec(compose) ?? []
  const settings = [...compose.matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
  expect(settings.length).toBeGreaterThan(5)
  for (const name of settings) {
    const asked = `\${${name}:?${name} is not set in .env}`
    expect(head).toContain(asked)
    expect(compose.replaceAll(asked, '')).not.toMatch(new RegExp(String.raw`\$\{?${name}\b`))
    expect(compose).toMatch(new RegExp(`^#.* ${name}=`, 'm'))
  }
})

/** By their own imports and the addresses that they make of their own. */
function filesFrom(entries: readonly string[]): Set<string> {
  const found = new Set<string>()
  const waiting = [...entries]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    found.add(file)
    const place = path.join(root, file)
    if (!/\.m?ts$|\.mjs$/.test(file) || !existsSync(place)) continue
    const text = readFileSync(place, 'utf8')
    const named = text.matchAll(/(?:from |import\(|new URL\()'((?:\.|@forge\/)[^']+)'(?:, import\.meta\.url)?/g)
    for (const [, name = ''] of named) {
      const own = /^@forge\/([\w-]+)\/(.+)$/.exec(name)
      waiting.push(own === null ? path.posix.join(path.posix.dirname(file), name) : `${own[1]}/src/${own[2]}`)
    }
  }
  return found
}
