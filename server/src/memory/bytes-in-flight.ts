// The bytes of uploads that have begun and are not in the store's count yet. Beside what the store counts they take room of
// their project's quota, so that uploads at once never have more of the disk than one after another would. Of this process
// alone: which upload fits in the end is decided by the store, when it is claimed.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import type { MemoryUsage } from '../store/memory.ts'

export type ByteLimit = 'blobBytes' | 'vmemBytes'

/** As the store has it at this moment, in bytes. */
export interface Counted {
  /** All of this kind that the project has. */
  readonly used: MemoryUsage[ByteLimit]
  /** Of that, what goes when the upload is claimed, because it has the same name. */
  readonly replaced: number
}

export interface UploadOf {
  readonly projectId: ProjectId
  readonly limit: ByteLimit
  /** The quota; null: there is none. */
  readonly most: number | null
  /** Only one upload of a name at a time is given the room of what it replaces. */
  readonly name: string
  count(): Promise<Counted>
}

export interface Reservation {
  /** Of so many bytes in all, those that were reserved before included. False: there is no room, and nothing changed. */
  reserve(bytes: number): Promise<boolean>
  /** Once, however it ended. `claimed`: its bytes are in the store's count by now. */
  release(claimed: boolean): void
}

export interface BytesInFlight {
  begin(upload: UploadOf): Reservation
}

interface Open {
  readonly name: string
  /** That are reserved. */
  bytes: number
  /** Of what it replaces, as far as no other upload of the name has it. */
  replaced: number
  /** Of the project, as the store had it; null before it was asked. */
  used: number | null
  /** Bytes that others have claimed since. */
  claimedSince: number
}

/** What it adds to its project's bytes if it is claimed. */
const added = ({ bytes, replaced }: Pick<Open, 'bytes' | 'replaced'>): number => Math.max(0, bytes - replaced)

export function createBytesInFlight(): BytesInFlight {
  const inFlight = new Map<string, Set<Open>>()
  return {
    begin({ projectId, limit, most, name, count }) {
      const key = `${limit} ${projectId}`
      const all = inFlight.get(key) ?? new Set()
      inFlight.set(key, all)
      const own: Open = { name, bytes: 0, replaced: 0, used: null, claimedSince: 0 }
      all.add(own)
      const others = (): Open[] => [...all].filter((one) => one !== own)
      const fits = (bytes: number): boolean => {
        const adds = added({ bytes, replaced: own.replaced })
        if (most === null || adds === 0) return true
        if (own.used === null) return false
        const taken = others().reduce((sum, other) => sum + added(other), own.used + own.claimedSince)
        return adds <= most - taken
      }
      return {
        async reserve(bytes) {
          if (!fits(bytes)) {
            own.claimedSince = 0
            const { used, replaced } = await count()
            const isReplaced = others().some((other) => other.name === name && other.replaced > 0)
            own.used = used
            own.replaced = isReplaced ? 0 : replaced
            if (!fits(bytes)) return false
          }
          own.bytes = bytes
          return true
        },
        release(claimed) {
          if (!all.delete(own)) return
          if (all.size === 0) inFlight.delete(key)
          if (!claimed) return
          // They go by what the store counted before. Of its name its bytes are there now, whoever was to replace what was.
          const same = others().filter((other) => other.name === name && other.replaced > 0)
          const gone = Math.max(own.replaced, ...same.map(({ replaced }) => replaced))
          for (const other of all) other.claimedSince += added({ bytes: own.bytes, replaced: gone })
          for (const other of same) other.replaced = own.bytes
        },
      }
    },
  }
}
