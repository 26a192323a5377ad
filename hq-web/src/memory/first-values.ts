// The first values of an array, exactly as they are: 64-bit integers too. What reads the bytes is loaded when somebody asks.
import type { Dtype } from '@forge/shared/exact/typed-array.ts'

export const FIRST_VALUES = 12

export interface FirstValues {
  readonly values: readonly string[]
  /** How many come behind them. */
  readonly more: number
}

/** Of the address of the array's bytes, in their order. Throws where they cannot be read. */
export async function firstValues(
  address: string,
  { dtype, shape }: { readonly dtype: Dtype; readonly shape: readonly number[] },
): Promise<FirstValues> {
  const { arrayBytes, bytesToArray, elementsOf } = await import('@forge/shared/exact/typed-array.ts')
  const all = elementsOf(shape)
  const wanted = Math.min(all, FIRST_VALUES)
  // A range of no bytes is none.
  if (wanted === 0) return { values: [], more: 0 }
  const length = arrayBytes(dtype, [wanted])
  const response = await fetch(address, { headers: { range: `bytes=0-${length - 1}` } })
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  const bytes = new Uint8Array(await response.arrayBuffer()).slice(0, length)
  return { values: bytesToArray(dtype, bytes).map(String), more: all - wanted }
}
