// What signs receipts, and what checks them, on the published answers of RFC 8032, section 7.1 (Ed25519); then that the envelope
// around it holds: another tag, body, key or form of the signature is none.
import { describe, expect, it } from 'vitest'
import { fromBase64, fromHex, toBase64, toHex } from '../exact/bytes.ts'
import { digestOfJson } from '../exact/digest.ts'
import { isSignatureOf, isSignedBy, signed, signerOf } from './signed.ts'

/** Of the RFC's test 1024; it has 1023 bytes. */
const LONG = [
  '08b8b2b733424243760fe426a4b54908632110a66c2f6591eabd3345e3e4eb98fa6e264bf09efe12ee50f8f54e9f77b1e355f6c50544e2',
  '3fb1433ddf73be84d879de7c0046dc4996d9e773f4bc9efe5738829adb26c81b37c93a1b270b20329d658675fc6ea534e0810a4432826b',
  'f58c941efb65d57a338bbd2e26640f89ffbc1a858efcb8550ee3a5e1998bd177e93a7363c344fe6b199ee5d02e82d522c4feba15452f80',
  '288a821a579116ec6dad2b3b310da903401aa62100ab5d1a36553e06203b33890cc9b832f79ef80560ccb9a39ce767967ed628c6ad573c',
  'b116dbefefd75499da96bd68a8a97b928a8bbc103b6621fcde2beca1231d206be6cd9ec7aff6f6c94fcd7204ed3455c68c83f4a41da4af',
  '2b74ef5c53f1d8ac70bdcb7ed185ce81bd84359d44254d95629e9855a94a7c1958d1f8ada5d0532ed8a5aa3fb2d17ba70eb6248e594e1a',
  '2297acbbb39d502f1a8c6eb6f1ce22b3de1a1f40cc24554119a831a9aad6079cad88425de6bde1a9187ebb6092cf67bf2b13fd65f27088',
  'd78b7e883c8759d2c4f5c65adb7553878ad575f9fad878e80a0c9ba63bcbcc2732e69485bbc9c90bfbd62481d9089beccf80cfe2df16a2',
  'cf65bd92dd597b0707e0917af48bbb75fed413d238f5555a7a569d80c3414a8d0859dc65a46128bab27af87a71314f318c782b23ebfe80',
  '8b82b0ce26401d2e22f04d83d1255dc51addd3b75a2b1ae0784504df543af8969be3ea7082ff7fc9888c144da2af58429ec96031dbcad3',
  'dad9af0dcbaaaf268cb8fcffead94f3c7ca495e056a9b47acdb751fb73e666c6c655ade8297297d07ad1ba5e43f1bca32301651339e229',
  '04cc8c42f58c30c04aafdb038dda0847dd988dcda6f3bfd15c4b4c4525004aa06eeff8ca61783aacec57fb3d1f92b0fe2fd1a85f672451',
  '7b65e614ad6808d6f6ee34dff7310fdc82aebfd904b01e1dc54b2927094b2db68d6f903b68401adebf5a7e08d78ff4ef5d63653a65040c',
  'f9bfd4aca7984a74d37145986780fc0b16ac451649de6188a7dbdf191f64b5fc5e2ab47b57f7f7276cd419c17a3ca8e1b939ae49e488ac',
  'ba6b965610b5480109c8b17b80e1b7b750dfc7598d5d5011fd2dcc5600a32ef5b52a1ecc820e308aa342721aac0943bf6686b64b257937',
  '6504ccc493d97e6aed3fb0f9cd71a43dd497f01f17c0e2cb3797aa2a2f256656168e6c496afc5fb93246f6b1116398a346f1a641f3b041',
  'e989f7914f90cc2c7fff357876e506b50d334ba77c225bc307ba537152f3f1610e4eafe595f6d9d90d11faa933a15ef1369546868a7f3a',
  '45a96768d40fd9d03412c091c6315cf4fde7cb68606937380db2eaaa707b4c4185c32eddcdd306705e4dc1ffc872eeee475a64dfac86ab',
  'a41c0618983f8741c5ef68d3a101e8a3b8cac60c905c15fc910840b94c00a0b9d0',
].join('')

const VECTORS: readonly (readonly [name: string, secretKey: string, publicKey: string, message: string, is: string])[] =
  [
    [
      '1',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '2',
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      '3',
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
    [
      '1024',
      'f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5',
      '278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e',
      LONG,
      '0aab4c900501b3e24d7cdf4663326a3a87df5e4843b2cbdb67cbf6e460fec350aa5371b1508f9f4528ecea23c436d94b5e8fcd4f681e30a6ac00a9704a188a03',
    ],
  ]

/** With one bit of one byte turned. */
const turned = (bytes: Uint8Array, place: number): Uint8Array => bytes.with(place, (bytes[place] ?? 0) ^ 1)

describe('RFC 8032, section 7.1', () => {
  it.each(VECTORS)('test %s is signed and checked as it says', (_, secretKey, publicKey, message, is) => {
    const signer = signerOf(fromHex(secretKey))
    expect(toHex(signer.publicKey)).toBe(publicKey)
    expect(toHex(signer.sign(fromHex(message)))).toBe(is)
    expect(isSignatureOf(fromHex(is), fromHex(message), fromHex(publicKey))).toBe(true)
  })

  it.each(VECTORS)('test %s with one bit turned is no signature', (_, secretKey, publicKey, message, is) => {
    const [signature, bytes, key] = [fromHex(is), fromHex(message), fromHex(publicKey)]
    for (const place of [0, 31, 32, 63]) expect(isSignatureOf(turned(signature, place), bytes, key)).toBe(false)
    expect(isSignatureOf(signature, Uint8Array.of(...bytes, 0), key)).toBe(false)
    expect(isSignatureOf(signature, bytes, signerOf(turned(fromHex(secretKey), 0)).publicKey)).toBe(false)
  })
})

/** The order of the group, from section 5.1. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

/** The same point and S + L: equal by the group’s arithmetic alone. */
function otherForm(signature: Uint8Array): Uint8Array {
  let s = signature.slice(32).reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n) + ORDER
  return signature.map((byte, place) => {
    if (place < 32) return byte
    const low = Number(s & 255n)
    s >>= 8n
    return low
  })
}

describe('a signed document', () => {
  const signer = signerOf(new Uint8Array(32).fill(7))
  const document = signed('receipt.v1', { b: 1, a: 'é' }, signer)

  it('is signed over the tagged digest of its body, and by nothing else', () => {
    const digest = fromHex(digestOfJson('receipt.v1', { a: 'é', b: 1 }))
    expect(isSignatureOf(fromBase64(document.signature.value), digest, signer.publicKey)).toBe(true)
    expect(isSignedBy('receipt.v1', document, signer.publicKey)).toBe(true)
    expect(isSignedBy('receipt-link.v1', document, signer.publicKey)).toBe(false)
    expect(isSignedBy('receipt.v1', { ...document, body: { a: 'e', b: 1 } }, signer.publicKey)).toBe(false)
    const stranger = signerOf(new Uint8Array(32).fill(8))
    expect(isSignedBy('receipt.v1', document, stranger.publicKey)).toBe(false)
    const claimed = { ...document, signature: { ...document.signature, key_id: stranger.keyId } }
    expect(isSignedBy('receipt.v1', claimed, signer.publicKey)).toBe(false)
  })

  it('has one form: with S + L, and with bytes that are no signature, it is none', () => {
    const signature = fromBase64(document.signature.value)
    for (const value of [otherForm(signature), signature.slice(1), new Uint8Array(64), new Uint8Array()]) {
      const other = { ...document, signature: { ...document.signature, value: toBase64(value) } }
      expect(isSignedBy('receipt.v1', other, signer.publicKey)).toBe(false)
    }
  })

  it('of the group’s neutral point as key and R, which fits every message, is none', () => {
    const neutral = Uint8Array.from({ length: 32 }, (_, place) => (place === 0 ? 1 : 0))
    const signature = Uint8Array.of(...neutral, ...new Uint8Array(32))
    for (const text of ['', '72']) expect(isSignatureOf(signature, fromHex(text), neutral)).toBe(false)
  })
})
