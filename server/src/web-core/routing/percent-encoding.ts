// Percent-encoding that says no text: a % without two hexadecimal digits, and bytes that are no UTF-8. Routers and URLs let it
// stand as it is, so that one name would have two addresses, or read it as U+FFFD, which is another name; here it is found, for
// every route at once.
import type { FieldError } from '@forge/shared/contract/problem.ts'
import { pathOf } from '../refusal.ts'

const MESSAGE = 'is not percent-encoded UTF-8; a % itself is written %25'
/** As it was sent: a URL that is parsed has folded `%2e%2e` away, and the router has not. */
const PARTS = /^[^:/?#]+:\/\/[^/?#]*([^?#]*)(?:\?([^#]*))?/

/** Of each parameter, in `template` such as `/api/v0/kv/{namespace}/{key}` and in the query, that cannot be decoded. */
export function encodingErrors(template: string, url: string): FieldError[] {
  // Nearly every request.
  if (!url.includes('%')) return []
  const [, path = '', query = ''] = PARTS.exec(url) ?? []
  const sent = path.split('/')
  const inPath = template.split('/').flatMap((segment, i) => {
    const [, name] = /^\{(\w+)\}$/.exec(segment) ?? []
    return name === undefined || isEncoded(sent[i] ?? '') ? [] : [{ path: pathOf(['path', name]), message: MESSAGE }]
  })
  const inQuery = query
    .split('&')
    .filter((pair) => !isEncoded(pair))
    .map((pair) => ({ path: pathOf(['query', pair.split('=')[0] ?? '']), message: MESSAGE }))
  return [...inPath, ...inQuery]
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
