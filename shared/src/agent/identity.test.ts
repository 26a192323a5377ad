// An identity's signatures hold, whoever made the key, and nothing else passes for one.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../exact/bytes.ts'
import {
  exportSecretKey,
  identityFromKeys,
  identityOf,
  importSecretKey,
  newIdentityKeys,
  newSecretKey,
  verifySignature,
} from './identity.ts'

const bytes = fc.uint8Array({ maxLength: 80 })

test('RFC 8032, test 2: the curve is the one everybody means', async () => {
  const secretKey = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
  const identity = identityFromKeys({ kind: 'bytes', secretKey })
  expect(toHex(identity.publicKey)).toBe('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  expect(toHex(await identity.sign(Uint8Array.of(0x72)))).toBe(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
})

test('WebCrypto makes the keys here, and cannot be asked for the private one', async () => {
  const keys = await newIdentityKeys()
  expect(keys.kind).toBe('webcrypto')
  if (keys.kind !== 'webcrypto') return
  await expect(crypto.subtle.exportKey('pkcs8', keys.privateKey)).rejects.toThrow()
})

test('a key that is to be taken along comes back as the same identity; the others cannot leave', async () => {
  const keys = [await newIdentityKeys({ taken: true }), { kind: 'bytes', secretKey: newSecretKey() } as const]
  for (const one of keys) {
    const secret = await exportSecretKey(one)
    if (secret === undefined) throw new Error('it could not leave')
    const back = await importSecretKey(secret)
    expect(identityFromKeys(back).publicKey).toEqual(identityFromKeys(one).publicKey)
    expect(await exportSecretKey(back)).toEqual(secret)
    const signed = Uint8Array.of(1, 2, 3)
    const signature = await identityFromKeys(back).sign(signed)
    expect(verifySignature(identityFromKeys(one).publicKey, signed, signature)).toBe(true)
  }
  expect(await exportSecretKey(await newIdentityKeys())).toBeUndefined()
  await expect(importSecretKey(new Uint8Array(31))).rejects.toThrow('32 bytes')
})

test('signatures of both kinds verify, and only over the bytes that were signed', async () => {
  const identities = [
    identityFromKeys(await newIdentityKeys()),
    identityFromKeys({ kind: 'bytes', secretKey: newSecretKey() }),
  ]
  for (const { publicKey, sign } of identities) {
    await fc.assert(
      fc.asyncProperty(bytes, bytes, async (signed, other) => {
        const signature = await sign(signed)
        expect(signature).toHaveLength(64)
        expect(verifySignature(publicKey, signed, signature)).toBe(true)
        expect(verifySignature(publicKey, other, signature)).toBe(toHex(other) === toHex(signed))
      }),
      { numRuns: 20 },
    )
  }
})

test('what is malformed is not valid, and never throws', () => {
  fc.assert(
    fc.property(bytes, bytes, bytes, (publicKey, signed, signature) => {
      expect(verifySignature(publicKey, signed, signature)).toBe(false)
    }),
  )
})

test('an identity is the digest of its key', () => {
  const a = identityOf(new Uint8Array(32))
  expect(a).toMatch(/^[0-9a-f]{64}$/)
  expect(identityOf(new Uint8Array(32).fill(1))).not.toBe(a)
})
