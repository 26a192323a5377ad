// What args refer to, `{"$vmem": "name@version"}` and `{"$blob": "name"}`, looked up and put in its place, once, when a
// contract is registered. The values then stand in the job's own row; the reference, with its digest, stands beside them.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { MEMORY_LIMITS, memoryKeySchema, vmemNameSchema } from '@forge/shared/contract/memory.ts'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import { concat } from '@forge/shared/exact/bytes.ts'
import { bytesToArray } from '@forge/shared/exact/typed-array.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import type { JobReference, MemoryStore } from '../store/memory.ts'
import { pathOf, refuse, type Refusal } from '../web-core/refusal.ts'
import { parseStrictJson } from '@forge/shared/exact/strict-json.ts'
import type { ObjectStore } from './blob/object-store.ts'

export interface ReferenceDeps {
  readonly store: Pick<MemoryStore, 'vmem' | 'blob'>
  readonly objects: Pick<ObjectStore, 'read'>
  readonly clock: () => number
}

export interface Resolved {
  readonly args: Record<string, unknown>
  readonly references: readonly JobReference[]
}

interface Found {
  readonly value: unknown
  readonly reference: Omit<JobReference, 'path'>
}
/** Why there is no value: nothing is there, or what is there cannot stand in args. */
interface Fault {
  readonly code: 'REFERENCE_NOT_FOUND' | 'REFERENCE_UNUSABLE'
  readonly message: string
}

export async function resolveReferences(
  args: Record<string, unknown>,
  projectId: ProjectId,
  deps: ReferenceDeps,
): Promise<Resolved | Refusal> {
  const asked = placesOf(args, ['args'])
  if (asked.length === 0) return { args, references: [] }
  if (asked.length > MEMORY_LIMITS.referencesMax) {
    return refusal('REFERENCE_UNUSABLE', [
      { path: 'args', message: `has more than ${MEMORY_LIMITS.referencesMax} references` },
    ])
  }
  const values = new Map<object, unknown>()
  const references: JobReference[] = []
  let room: number = MEMORY_LIMITS.resolvedArgsBytesMax
  for (const { at, members, path } of asked) {
    const found = await lookUp(members, projectId, room, deps)
    if ('code' in found) return refusal(found.code, [{ path, message: found.message }])
    room -= found.bytes
    values.set(at, found.value)
    references.push({ path, ...found.reference })
  }
  const replaced = replacedIn(args, values)
  return { args: replaced as Record<string, unknown>, references }
}

/** Where args refer to something, whether or not it is there. */
export const referencePaths = (args: Record<string, unknown>): string[] =>
  placesOf(args, ['args']).map(({ path }) => path)

interface Place {
  readonly at: object
  readonly members: readonly (readonly [string, unknown])[]
  readonly path: string
}

function placesOf(value: unknown, path: readonly string[]): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const members = Object.entries(value)
  const isReference = !Array.isArray(value) && members.some(([name]) => name === '$vmem' || name === '$blob')
  if (isReference) return [{ at: value, members, path: pathOf(path) }]
  return members.flatMap(([name, member]) => placesOf(member, [...path, name]))
}

function replacedIn(value: unknown, values: ReadonlyMap<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (values.has(value)) return values.get(value)
  if (Array.isArray(value)) return value.map((member) => replacedIn(member, values))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replacedIn(member, values)]))
}

async function lookUp(
  members: Place['members'],
  projectId: ProjectId,
  room: number,
  deps: ReferenceDeps,
): Promise<(Found & { readonly bytes: number }) | Fault> {
  const [[kind, ref] = ['', null], ...others] = members
  if (others.length > 0 || typeof ref !== 'string') {
    return unusable('is {"$vmem": "name@version"} or {"$blob": "name"}, and nothing beside it')
  }
  return kind === '$vmem' ? arrayOf(ref, projectId, room, deps) : blobOf(ref, projectId, room, deps)
}

async function arrayOf(ref: string, projectId: ProjectId, room: number, { store, objects }: ReferenceDeps) {
  const [, name, version] = /^(.+)@([1-9]\d{0,14})$/.exec(ref) ?? []
  if (!vmemNameSchema.safeParse(name).success) return unusable('is no name@version of an array')
  const row = await store.vmem(projectId, name ?? '', Number(version))
  if (row === null) return notFound('this project has no such version of an array of that name')
  const { dtype, shape, digest, objectId, bytes } = row
  if (bytes > room) return tooLarge(bytes)
  if (listsOf(shape) * BYTES_OF_A_LIST > room) return unusable('has a shape of more lists than args can hold')
  const numbers = bytesToArray(dtype, await bytesOf(objects, objectId)).map(Number)
  // A JSON number is a double: what it cannot say exactly is refused, and never rounded.
  const inexact =
    dtype === 'f32' || dtype === 'f64' ? (n: number) => !Number.isFinite(n) : (n: number) => !Number.isSafeInteger(n)
  const wrong = numbers.findIndex(inexact)
  if (wrong >= 0) return unusable(`has a value, its element ${wrong}, that a JSON number cannot say exactly`)
  return { value: nested(numbers, shape), bytes, reference: { kind: 'vmem' as const, ref, digest, objectId } }
}

async function blobOf(ref: string, projectId: ProjectId, room: number, { store, objects, clock }: ReferenceDeps) {
  if (!memoryKeySchema.safeParse(ref).success) return unusable('is no name of a blob')
  const row = await store.blob(projectId, ref, clock())
  if (row === null) return notFound('this project has no blob of that name')
  const { bytes, objectId, sha256 } = row
  if (bytes > room) return tooLarge(bytes)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await bytesOf(objects, objectId))
  } catch (error) {
    if (error instanceof TypeError) return unusable('is a blob that is not UTF-8, hence not JSON')
    throw error
  }
  const parsed = parseStrictJson(text)
  if ('fault' in parsed) return unusable(`is a blob that is not JSON: ${parsed.fault.message}`)
  return { value: parsed.value, bytes, reference: { kind: 'blob' as const, ref, digest: sha256 as Digest, objectId } }
}

/** `[]` */
const BYTES_OF_A_LIST = 2

/** How many lists an array is nested in, the empty ones of a length of nought included. */
function listsOf(shape: readonly number[]): number {
  let [lists, all] = [1, 0]
  for (const length of shape) {
    all += lists
    lists *= length
  }
  return all
}

/** Row-major; a shape without lengths is one number. */
function nested(numbers: readonly number[], shape: readonly number[]): unknown {
  const [length, ...rest] = shape
  if (length === undefined) return numbers[0]
  const each = length === 0 ? 0 : numbers.length / length
  return Array.from({ length }, (_, i) => nested(numbers.slice(i * each, (i + 1) * each), rest))
}

async function bytesOf(objects: ReferenceDeps['objects'], objectId: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of objects.read(objectId)) chunks.push(chunk)
  return concat(...chunks)
}

const unusable = (message: string): Fault => ({ code: 'REFERENCE_UNUSABLE', message })
const notFound = (message: string): Fault => ({ code: 'REFERENCE_NOT_FOUND', message })
const tooLarge = (bytes: number): Fault =>
  unusable(`has ${bytes} bytes; all that args refer to has at most ${MEMORY_LIMITS.resolvedArgsBytesMax}`)

export function refusal(code: Fault['code'], errors: readonly FieldError[]): Refusal {
  const [first] = errors
  return refuse(code, `${first?.path ?? 'args'}: ${first?.message ?? 'cannot be resolved'}.`, { errors })
}
