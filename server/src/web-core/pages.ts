// The agent's page and HQ: every built file is read once, at start, and served from memory, so that no path a stranger sends
// ever reaches the disk. The policy of each page is strict: our own scripts and workers, WASM, our own sockets.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { WEB_LIMITS } from './limits.ts'

export interface Page {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  readonly etag: string
  /** The name has a hash of the content in it. */
  readonly immutable: boolean
}

/** Where HQ lives. */
export const HQ_PATH = '/hq'

/** An address of HQ that its own script shows: it has no file of its own, and no file's ending. */
export const isViewOfHq = (url: string): boolean => /^\/hq(\/[^.]*)?$/.test(url)

/** By URL path; `/`, or where the folder lives, is index.html. */
export type Pages = ReadonlyMap<string, Page>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.wgsl': 'text/plain; charset=utf-8',
}

/** No pages when the folder is missing: a server without the built page still serves the contract. */
export function readPages(folder: string | null, at = ''): Pages {
  const pages = new Map<string, Page>()
  if (folder === null || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return pages
  let bytesRead = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const bytes = new Uint8Array(readFileSync(file))
    bytesRead += bytes.length
    if (bytesRead > WEB_LIMITS.pagesBytesMax) throw new RangeError(`${folder} holds more than a built page`)
    const url = `/${path.relative(folder, file).split(path.sep).join('/')}`
    pages.set(url === '/index.html' ? at || '/' : at + url, pageOf(url, bytes))
  }
  return pages
}

export function pageOf(url: string, bytes: Uint8Array<ArrayBuffer>): Page {
  return {
    bytes,
    type: TYPES[path.posix.extname(url)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`,
    immutable: /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(url),
  }
}

export function servePage(request: Request, page: Page): Response {
  const headers = {
    'Content-Type': page.type,
    'Cache-Control': page.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Content-Security-Policy': contentPolicy(request.headers.get('host')),
    ETag: page.etag,
  }
  const known = (request.headers.get('if-none-match') ?? '').split(',').some((tag) => tag.trim() === page.etag)
  return known ? new Response(null, { status: 304, headers }) : new Response(page.bytes, { headers })
}

/** Not every browser counts a page's own WebSocket as 'self', so the host that the page came from is named as well. */
function contentPolicy(host: string | null): string {
  const own =
    host !== null && /^(?:[\w.-]+|\[[\da-f:]+\])(?::\d{1,5})?$/i.test(host) ? ` ws://${host} wss://${host}` : ''
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    `connect-src 'self'${own}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
