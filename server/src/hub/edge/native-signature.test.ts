// OpenSSL and the library agree on every signature that an honest agent makes and on every one that was touched, so that
// it does not matter which of them looks.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityFromKeys, verifySignature, type Identity } from '@forge/shared/agent/identity.ts'
import { verifyNatively } from './native-signature.ts'

/** The group's order: a signature's second half is below it, and that half plus it would verify where nobody looks. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}

const identityOf = (secretKey: Uint8Array): Identity => identityFromKeys({ kind: 'bytes', secretKey })
const ZERO = identityOf(new Uint8Array(32)).publicKey

const both = (...asked: Parameters<typeof verifyNatively>): boolean[] => [
  verifyNatively(...asked),
  verifySignature(...asked),
]

test('what was signed verifies, and nothing else does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(63),
      fc.integer({ min: 1, max: 255 }),
      async (secret, bytes, at, flip) => {
        const { publicKey, sign } = identityOf(secret)
        const signature = await sign(bytes)
        expect(both(publicKey, bytes, signature)).toEqual([true, true])
        const touched = signature.map((byte, i) => (i === at ? byte ^ flip : byte))
        expect(both(publicKey, bytes, touched)).toEqual([false, false])
        expect(both(publicKey, Uint8Array.of(...bytes, 0), signature)).toEqual([false, false])
      },
    ),
    { numRuns: 40 },
  )
})

test('a signature has one form: its second half plus the order is refused', async () => {
  const { publicKey, sign } = identityOf(new Uint8Array(32).fill(7))
  const signature = await sign(Uint8Array.of(1))
  const s = signature.slice(32).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const other = Uint8Array.of(...signature.slice(0, 32), ...littleEndian(s + ORDER))
  expect(both(publicKey, Uint8Array.of(1), other)).toEqual([false, false])
})

test.each([
  ['a key too short', new Uint8Array(31), new Uint8Array(64)],
  ['a signature too long', ZERO, new Uint8Array(65)],
  ['no signature', ZERO, new Uint8Array()],
  ['a key that is no point', new Uint8Array(32).fill(2), new Uint8Array(64)],
])('%s is not valid', (_, publicKey, signature) => {
  expect(both(publicKey, Uint8Array.of(1), signature)).toEqual([false, false])
})
