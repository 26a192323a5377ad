// The memory surfaces' part of the store on an engine: which query each method runs, and what is one transaction.
import type { Engine } from './engine.ts'
import type { MemoryStore } from './memory.ts'
import { deleteKv, kvAfter, kvByKeys, nextKvExpiry, projectsWithExpiredKv, putKv, sweepKv } from './queries/kv.ts'
import { usageOf } from './queries/memory-usage.ts'

export function createMemory(engine: Engine): MemoryStore {
  return {
    memoryUsage: (projectId) => engine.run((db) => usageOf(db, projectId)),

    kv: (projectId, namespace, keys, nowMs) => engine.run((db) => kvByKeys(db, projectId, namespace, keys, nowMs)),
    putKv: (projectId, namespace, writes, quota, nowMs) =>
      engine.transaction((db, attempt) => putKv(db, { projectId, namespace, writes, quota, nowMs }, attempt)),
    deleteKv: (projectId, namespace, key, condition, nowMs) =>
      engine.transaction((db, attempt) => deleteKv(db, { projectId, namespace, nowMs }, key, condition, attempt)),
    kvOf: (projectId, namespace, prefix, page, nowMs) =>
      engine.run((db) => kvAfter(db, projectId, namespace, prefix, page, nowMs)),

    async sweepMemory(nowMs) {
      const projects = await engine.run((db) => projectsWithExpiredKv(db, nowMs))
      let more = false
      // A transaction each: no project waits for the sweeping of another.
      for (const projectId of projects) {
        if (await engine.transaction((db) => sweepKv(db, projectId, nowMs))) more = true
      }
      return more
    },
    nextExpiry: () => engine.run(nextKvExpiry),
  }
}
