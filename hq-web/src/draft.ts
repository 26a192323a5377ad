// What was typed into a form and not sent yet: kept in this tab, so that going back, a reload or a session that ended loses none of
// it. It is the project's own, and is gone when it was sent, when the tab closes, when one signs out and when somebody signs in to
// another project. What may be a secret, the address of a webhook among it, is never a part of a draft.
import { useLayoutEffect, useState } from 'preact/hooks'
import { useSession } from './session.ts'

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

const PREFIX = 'hq-draft'
/** Another build may have other fields: its drafts are none here. */
const BUILD = import.meta.url

/** What the keys of a project's drafts begin with; of the operator's, who has no project, as well. */
const drafts = (projectId: string | undefined): string => `${PREFIX} ${projectId ?? ''} `

export interface Draft<T extends object> {
  readonly typed: T
  readonly edit: (changes: Partial<T>) => void
  /** As it was before anything was typed. */
  readonly clear: () => void
  /** What stands there was typed before this form was opened. */
  readonly isOld: boolean
}

/** `name` says which form; `first` is what stands in it before anything is typed, and is not kept. */
export function useDraft<T extends object>(name: string, first: () => T): Draft<T> {
  const { project } = useSession()
  const key = drafts(project?.id) + name
  const [begun] = useState(() => ({ first: first(), kept: draftOf<T>(sessionStorage, key) }))
  const [typed, setTyped] = useState(begun.kept ?? begun.first)
  const [isOld, setOld] = useState(begun.kept !== null)
  // Before the browser does anything else, a reload among it.
  useLayoutEffect(() => keepDraft(sessionStorage, key, typed, begun.first), [typed])
  return {
    typed,
    edit: (changes) => setTyped((before) => ({ ...before, ...changes })),
    clear() {
      // At once: what follows may be another view.
      sessionStorage.removeItem(key)
      setTyped(begun.first)
      setOld(false)
    },
    isOld,
  }
}

export function keepDraft(storage: Kept, key: string, typed: object, first: object, build = BUILD): void {
  const value = JSON.stringify(typed)
  try {
    if (value === JSON.stringify(first)) storage.removeItem(key)
    else storage.setItem(key, JSON.stringify({ build, value }))
  } catch {
    // There is no room for it: it stands in the form all the same.
  }
}

/** Null where nothing was kept by this build. */
export function draftOf<T extends object>(storage: Kept, key: string, build = BUILD): T | null {
  try {
    const kept: unknown = JSON.parse(storage.getItem(key) ?? 'null')
    if (typeof kept !== 'object' || kept === null || !('build' in kept) || kept.build !== build) return null
    // Written above, by this build.
    return 'value' in kept && typeof kept.value === 'string' ? JSON.parse(kept.value) : null
  } catch {
    return null
  }
}

export function clearDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
}

/** Whoever is signed in now sees none of another project's; nobody would ever see what another build has left. */
export function keepOnlyDraftsOf(projectId: string | undefined, storage: Storage = sessionStorage): void {
  for (const key of Object.keys(storage)) {
    const isOwn = key.startsWith(drafts(projectId)) && draftOf(storage, key) !== null
    if (key.startsWith(PREFIX) && !isOwn) storage.removeItem(key)
  }
}
