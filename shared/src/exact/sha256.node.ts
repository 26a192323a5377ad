// SHA-256 and HMAC by Node's OpenSSL. A server digests every partial that it is sent: a tenth of its time went into the
// library that browsers need.
import { createHmac, hash } from 'node:crypto'

export const sha256 = (bytes: Uint8Array): Uint8Array => plain(hash('sha256', bytes, 'buffer'))

export const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

export const hmacSha256 = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  plain(createHmac('sha256', key).update(bytes).digest())

/** The same bytes as what a browser's are: a Buffer says other things when it is printed, compared or cut. */
const plain = ({ buffer, byteOffset, byteLength }: Buffer): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength)
