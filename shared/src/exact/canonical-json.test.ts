// The canonical form on the published answers of RFC 8785: the numbers of its Appendix B, the examples of sections 3.2.2 to
// 3.2.4. And what JSON cannot say is refused instead of being digested as something else.
import { describe, expect, it } from 'vitest'
import { utf8 } from './bytes.ts'
import { canonicalJson } from './canonical-json.ts'
import { parseStrictJson } from './strict-json.ts'

/** Appendix B: the bits of a double, and its text. */
const NUMBERS: readonly (readonly [bits: bigint, text: string])[] = [
  [0x0000000000000000n, '0'],
  [0x8000000000000000n, '0'],
  [0x0000000000000001n, '5e-324'],
  [0x8000000000000001n, '-5e-324'],
  [0x7fefffffffffffffn, '1.7976931348623157e+308'],
  [0xffefffffffffffffn, '-1.7976931348623157e+308'],
  [0x4340000000000000n, '9007199254740992'],
  [0xc340000000000000n, '-9007199254740992'],
  [0x4430000000000000n, '295147905179352830000'],
  [0x44b52d02c7e14af5n, '9.999999999999997e+22'],
  [0x44b52d02c7e14af6n, '1e+23'],
  [0x44b52d02c7e14af7n, '1.0000000000000001e+23'],
  [0x444b1ae4d6e2ef4en, '999999999999999700000'],
  [0x444b1ae4d6e2ef4fn, '999999999999999900000'],
  [0x444b1ae4d6e2ef50n, '1e+21'],
  [0x3eb0c6f7a0b5ed8cn, '9.999999999999997e-7'],
  [0x3eb0c6f7a0b5ed8dn, '0.000001'],
  [0x41b3de4355555553n, '333333333.3333332'],
  [0x41b3de4355555554n, '333333333.33333325'],
  [0x41b3de4355555555n, '333333333.3333333'],
  [0x41b3de4355555556n, '333333333.3333334'],
  [0x41b3de4355555557n, '333333333.33333343'],
  [0xbecbf647612f3696n, '-0.0000033333333333333333'],
  [0x43143ff3c1cb0959n, '1424953923781206.2'],
]
/** The two of that table that have no text. */
const NO_NUMBERS = [0x7fffffffffffffffn, 0x7ff0000000000000n]

function doubleOf(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}

describe('RFC 8785', () => {
  it.each(NUMBERS)('Appendix B: %s is written %s', (bits, text) => {
    expect(canonicalJson(doubleOf(bits))).toBe(text)
    expect(canonicalJson([{ n: doubleOf(bits) }])).toBe(`[{"n":${text}}]`)
  })

  it.each(NO_NUMBERS)('Appendix B: %s is an error', (bits) => {
    expect(() => canonicalJson(doubleOf(bits))).toThrow(TypeError)
  })

  it('section 3.2.2: literals, numbers and strings, and in 3.2.4 their bytes', () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    const expected = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`
    const bytes = `7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65
      72 73 22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30
      32 2c 31 65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c
      5c 5c 5c 5c 22 2f 22 7d`
    const canonical = canonicalJson(read(text))
    expect(canonical).toBe(expected)
    expect([...utf8(canonical)]).toEqual(bytes.split(/\s+/).map((byte) => Number.parseInt(byte, 16)))
  })

  it('section 3.2.3: names in the order of their UTF-16 units', () => {
    const text = String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`
    expect([...canonicalJson(read(text)).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  })
})

/** As the pool reads JSON: the example’s own escapes and numbers go through it too. */
function read(text: string): unknown {
  const parsed = parseStrictJson(text)
  if ('fault' in parsed) throw new Error(parsed.fault.message)
  return parsed.value
}

it('what JSON cannot say is refused, wherever it stands, and said where', () => {
  for (const value of [undefined, 1n, NaN, -Infinity, () => 0, Symbol('s')]) {
    expect(() => canonicalJson(value)).toThrow(TypeError)
    expect(() => canonicalJson([value])).toThrow(/^\$\.0 is /)
    expect(() => canonicalJson({ a: { b: value } })).toThrow(/^\$\.a\.b is /)
  }
})
