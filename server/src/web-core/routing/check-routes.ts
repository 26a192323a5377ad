// What the types of a declaration cannot say. A table that breaks a rule stops the server at start, with all that is wrong.
import { SCOPES } from '@forge/shared/contract/tenants.ts'
import { TAGS, type Route } from './route.ts'

const SCOPE_NAMES: ReadonlySet<string> = new Set(['public', 'admin', 'metrics', ...SCOPES])

/** Throws an Error that names every fault. */
export function checkRoutes(routes: readonly Route[]): void {
  const faults = routes.flatMap((declared) =>
    faultsOf(declared).map((fault) => `${declared.method} ${declared.path} ${fault}`),
  )
  faults.push(...doubles(routes, ({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`))
  faults.push(...doubles(routes, ({ operationId }) => operationId))
  if (faults.length > 0) throw new Error(`the table of routes is wrong:\n${faults.join('\n')}`)
}

export const namesInPath = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

function faultsOf(declared: Route): string[] {
  const faults: string[] = []
  if (!SCOPE_NAMES.has(declared.scope)) faults.push(`has no scope that there is: ${String(declared.scope)}`)
  if (!Object.hasOwn(TAGS, declared.tag)) faults.push(`has no tag that there is: ${String(declared.tag)}`)
  const statuses = Object.keys(declared.responses).map(Number)
  if (statuses.length === 0) faults.push('declares no answer')
  for (const status of statuses) {
    if (status < 200 || status > 503) faults.push(`declares the status ${status}`)
    if (declared.responses[status]?.description === '') faults.push(`does not describe its answer ${status}`)
  }
  const inPath = namesInPath(declared.path).toSorted().join(', ')
  const inSchema = Object.keys(declared.params?.shape ?? {})
    .toSorted()
    .join(', ')
  if (inPath !== inSchema) faults.push(`has {${inPath}} in its path and {${inSchema}} in its params`)
  if (declared.examples.length === 0) faults.push('has no example')
  if (declared.summary === '' || declared.description === '') faults.push('is not described')
  if (declared.method === 'GET' && declared.body !== null) faults.push('reads a body, which a GET has not')
  if (declared.upload !== undefined && declared.body !== null) faults.push('reads its body as JSON and as bytes')
  return faults
}

function doubles(routes: readonly Route[], keyOf: (declared: Route) => string): string[] {
  const seen = new Set<string>()
  return routes.map(keyOf).flatMap((key) => {
    const twice = seen.has(key)
    seen.add(key)
    return twice ? [`${key} is declared twice`] : []
  })
}
