// Whose a job is, where several servers share a database. A server is known by a number that it draws when it starts, and is
// alive for as long as its connection holds the lock of that number: no clock says so, and nobody has to say it again.
import type { JobId } from '@forge/shared/contract/ids.ts'
import type { JobRow } from './store.ts'

/** A server among those of its database. */
export interface ServerPlace {
  /** No other living server has it, and no unfinished job of a dead one. */
  readonly number: number
  /** Takes the lock again, where it is lost, as often as it takes. */
  retake(): Promise<void>
  /** From then on its jobs may be taken by others; where the database does not answer, once it sees the connection's end. */
  leave(): Promise<void>
}

/** The owner, in `deserted` and `takeJobs`, of jobs that have none. */
export const NOBODY = 0

export interface OwnerLook {
  /** The server's lock is held. */
  readonly isHere: boolean
  /** Unfinished jobs that are the server's own. */
  readonly own: readonly { readonly id: JobId; readonly isCancelWanted: boolean }[]
  /** Owners of unfinished jobs that are no living server, each once. */
  readonly deserted: readonly number[]
}

export interface OwnerStore {
  /**
   * `lost` is told when the lock is found to be lost, `retaken` when it is held again: meanwhile others may have taken jobs.
   */
  enter(retaken: () => void, lost?: () => void): Promise<ServerPlace>
  jobsByOwner(server: number): Promise<OwnerLook>
  /**
   * Makes unfinished jobs of owners that are no living server the server's own: of all such owners, or of those of `from`. No
   * two servers are given the same job. `isAgain`: an earlier call rejected and may have been done all the same, so that all
   * that is the server's own comes along; within a call that is tried again it does in any case.
   */
  takeJobs(server: number, from: readonly number[] | null, isAgain?: boolean): Promise<JobRow[]>
  /** For its owner to find. False, and nothing written, when it has ended or is unknown. */
  wantCancelled(id: JobId, atMs: number): Promise<boolean>
}
