// The server's signer and the one that browsers and the offline check know: one key, the same bytes.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { signerOf } from '@forge/shared/receipt/signed.ts'
import { nativeSignerOf } from './native-signer.ts'

test('it signs as the library does', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(bytes32, fc.uint8Array({ maxLength: 200 }), (secret, text) => {
      const [native, library] = [nativeSignerOf(secret), signerOf(secret)]
      expect(native.sign(text)).toEqual(library.sign(text))
      expect([native.keyId, native.publicKey]).toEqual([library.keyId, library.publicKey])
    }),
    { numRuns: 30 },
  )
})
