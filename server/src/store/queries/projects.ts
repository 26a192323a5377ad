// Projects: who owns jobs, keys, pools and memory. Name and limits change; nothing else does, and none is deleted.
import type { ProjectId } from '@forge/shared/contract/ids.ts'
import { desc, eq, lt, sql } from 'drizzle-orm'
import type { Actor } from '../acts.ts'
import type { Db } from '../engine.ts'
import { perHandle } from '../prepared.ts'
import { projects } from '../schema.ts'
import { StoreContradiction } from '../sql-error.ts'
import type { PageOf, ProjectChange, ProjectRow } from '../tenants.ts'
import { appendAct } from './acts.ts'
import { settingOrPut } from './settings.ts'

/** `fresh` is the id that it gets on the first call. */
export async function defaultProject(db: Db, fresh: ProjectId, nowMs: number): Promise<ProjectId> {
  const id = (await settingOrPut(db, 'default-project', fresh)) as ProjectId
  const row = { id, name: 'default', createdAtMs: nowMs, limits: '{}' }
  const [made] = await db.insert(projects).values(row).onConflictDoNothing().returning({ id: projects.id })
  if (made !== undefined) await tellCreated(db, row, 'server')
  return id
}

export async function insertProject(db: Db, project: ProjectRow, actor: Actor = 'server'): Promise<void> {
  const [inserted] = await db.insert(projects).values(project).onConflictDoNothing().returning({ id: projects.id })
  if (inserted !== undefined) return tellCreated(db, project, actor)
  const stored = await projectById(db, project.id)
  if (stored?.name !== project.name) throw new StoreContradiction(`the project id ${project.id} belongs to another one`)
}

const tellCreated = (db: Db, { id: chain, createdAtMs: atMs, name, limits }: ProjectRow, actor: Actor): Promise<void> =>
  appendAct(db, {
    chain,
    atMs,
    actor,
    type: 'project.created',
    subject: chain,
    data: { name, limits: JSON.parse(limits) },
  })

export async function projectById(db: Db, id: ProjectId): Promise<ProjectRow | null> {
  const [row] = await ofId(db).execute({ id })
  return row ?? null
}

const ofId = perHandle((db) =>
  db
    .select()
    .from(projects)
    .where(eq(projects.id, sql.placeholder('id')))
    .prepare('project_by_id'),
)

export function projectsAfter(db: Db, { after, limit }: PageOf<string>): Promise<ProjectRow[]> {
  const behind = after === null ? undefined : lt(projects.id, after as ProjectId)
  return db.select().from(projects).where(behind).orderBy(desc(projects.id)).limit(limit)
}

/** The row is locked while it is read and changed, so that of two changes at once the second sees the first. */
export async function updateProject(
  db: Db,
  id: ProjectId,
  changeOf: (before: ProjectRow) => ProjectChange,
  { actor = 'server', nowMs }: { readonly actor: Actor | undefined; readonly nowMs: number },
): Promise<ProjectRow | null> {
  await lockProject(db, id)
  const before = await projectById(db, id)
  if (before === null) return null
  const change = changeOf(before)
  if (Object.keys(change).length === 0) return before
  const [row] = await db.update(projects).set(change).where(eq(projects.id, id)).returning()
  if (row === undefined) return null
  // Made of what is there, a change that an earlier attempt has made is none.
  const data = differences(before, row)
  if (Object.keys(data).length > 0) {
    await appendAct(db, { chain: id, atMs: nowMs, actor, type: 'project.changed', subject: id, data })
  }
  return row
}

/** Its name, and each limit, as it was and as it is: null where nothing was said and the default holds. */
function differences(before: ProjectRow, after: ProjectRow): Readonly<Record<string, unknown>> {
  const [was, is]: Record<string, unknown>[] = [JSON.parse(before.limits), JSON.parse(after.limits)]
  const names = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])
  const limits = [...names].toSorted().flatMap((name) => {
    const [from, to] = [was?.[name], is?.[name]]
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ limit: name, from: from ?? null, to: to ?? null }]
  })
  return {
    ...(before.name === after.name ? {} : { name: { from: before.name, to: after.name } }),
    ...(limits.length === 0 ? {} : { limits }),
  }
}

/** Held until the transaction ends, so that a count of the project's rows and an insert by it are one step. */
export async function lockProject(db: Db, id: ProjectId): Promise<void> {
  await db.select({ id: projects.id }).from(projects).where(eq(projects.id, id)).for('no key update')
}
