// `/openapi.json`, and `/docs` to read and try it: Swagger UI from our own origin, with nothing fetched from elsewhere and
// nothing inline, so that it lives under the same strict policy as every page. Why Swagger UI: docs/decisions/0017.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { utf8 } from '@forge/shared/exact/bytes.ts'
import { pageOf, type Pages } from '../pages.ts'
import type { OpenApiDocument } from './document.ts'

const require = createRequire(import.meta.url)

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Forge Pool: the API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <main id="api"></main>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`

/** No validator of somebody else's; the key stays in the page and is forgotten with it. */
const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
})
`

export function docsPages(document: OpenApiDocument): Pages {
  const files: readonly [string, Uint8Array<ArrayBuffer>][] = [
    ['/openapi.json', bytesOf(`${JSON.stringify(document, null, 2)}\n`)],
    ['/docs/index.html', bytesOf(HTML)],
    ['/docs/start.js', bytesOf(START)],
    ['/docs/swagger-ui.css', fileOf(require.resolve('swagger-ui-dist/swagger-ui.css'))],
    ['/docs/swagger-ui-bundle.js', fileOf(require.resolve('swagger-ui-dist/swagger-ui-bundle.js'))],
  ]
  const pages = files.map(([url, bytes]) => [url === '/docs/index.html' ? '/docs' : url, pageOf(url, bytes)] as const)
  return new Map(pages)
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(utf8(text))
const fileOf = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(path))
