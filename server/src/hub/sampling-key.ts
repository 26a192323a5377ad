// The commitment to a job's sampling key: its SHA-256 is shown from the start and the key at the end, so that anyone can
// tell that the sample was not chosen by what agents answered.
import { createHash } from 'node:crypto'
import { fromHex } from '@forge/shared/exact/bytes.ts'

/** Of the key's 32 bytes, in hexadecimal. */
export const samplingKeySha256 = (samplingKey: string): string =>
  createHash('sha256').update(fromHex(samplingKey)).digest('hex')
