// SHA-256 and HMAC for browsers and workers, by the library that needs nothing of them. Node has its own in sha256.node.ts;
// `#sha256` in this package's package.json chooses, and a test holds both to the same bytes.
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as sha256OfNoble } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => sha256OfNoble(bytes)

/** 64 lower-case hexadecimal digits. */
export const sha256Hex = (bytes: Uint8Array): string => bytesToHex(sha256OfNoble(bytes))

/** HMAC-SHA256 (RFC 2104), 32 bytes. */
export const hmacSha256 = (key: Uint8Array, bytes: Uint8Array): Uint8Array => hmac(sha256OfNoble, key, bytes)
