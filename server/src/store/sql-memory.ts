// The memory surfaces' part of the store on an engine: which query each method runs, and what is one transaction.
import type { Engine } from './engine.ts'
import type { MemoryStore } from './memory.ts'
import {
  blobByName,
  blobsAfter,
  deleteBlob,
  nextBlobExpiry,
  projectsWithExpiredBlobs,
  putBlob,
  sweepBlobs,
} from './queries/blobs.ts'
import {
  deleteKv,
  kvAfter,
  kvByKeys,
  kvNamespaces,
  nextKvExpiry,
  projectsWithExpiredKv,
  putKv,
  sweepKv,
} from './queries/kv.ts'
import { usageOf } from './queries/memory-usage.ts'
import { referencesOf } from './queries/references.ts'
import { deleteVmem, putVmem, vmemAfter, vmemOf, vmemVersions } from './queries/vmem.ts'
import { beginObject, discardObject, objectsRemoved, objectsToRemove } from './queries/objects.ts'

export function createMemory(engine: Engine): MemoryStore {
  return {
    memoryUsage: (projectId) => engine.run((db) => usageOf(db, projectId)),

    kv: (projectId, namespace, keys, nowMs) => engine.run((db) => kvByKeys(db, projectId, namespace, keys, nowMs)),
    putKv: (projectId, namespace, writes, quota, nowMs) =>
      engine.transaction((db, attempt) => putKv(db, { projectId, namespace, writes, quota, nowMs }, attempt)),
    deleteKv: (projectId, namespace, key, condition, nowMs) =>
      engine.transaction((db, attempt) => deleteKv(db, { projectId, namespace, nowMs }, key, condition, attempt)),
    kvNamespaces: (projectId, page, nowMs) => engine.run((db) => kvNamespaces(db, projectId, page, nowMs)),
    kvOf: (projectId, namespace, prefix, page, nowMs) =>
      engine.run((db) => kvAfter(db, projectId, namespace, prefix, page, nowMs)),

    beginObject: (objectId, removeAfterMs) => engine.run((db) => beginObject(db, objectId, removeAfterMs)),
    discardObject: (objectId, nowMs) => engine.run((db) => discardObject(db, objectId, nowMs)),
    objectsToRemove: (nowMs) => engine.run((db) => objectsToRemove(db, nowMs)),
    objectsRemoved: (objectIds) => engine.run((db) => objectsRemoved(db, objectIds)),

    putBlob: (projectId, blob, condition, quota, nowMs) =>
      engine.transaction((db, attempt) => putBlob(db, { projectId, blob, condition, quota, nowMs }, attempt)),
    blob: (projectId, name, nowMs) => engine.run((db) => blobByName(db, projectId, name, nowMs)),
    blobsOf: (projectId, prefix, page, nowMs) => engine.run((db) => blobsAfter(db, projectId, prefix, page, nowMs)),
    deleteBlob: (projectId, name, condition, nowMs) =>
      engine.transaction((db, attempt) => deleteBlob(db, { projectId, condition, nowMs }, name, attempt)),

    putVmem: (projectId, array, quota, nowMs) =>
      engine.transaction((db) => putVmem(db, projectId, array, quota, nowMs)),
    vmem: (projectId, name, version) => engine.run((db) => vmemOf(db, projectId, name, version)),
    vmemOf: (projectId, prefix, page) => engine.run((db) => vmemAfter(db, projectId, prefix, page)),
    vmemVersions: (projectId, name, page) => engine.run((db) => vmemVersions(db, projectId, name, page)),
    deleteVmem: (projectId, name, version, nowMs) =>
      engine.transaction((db, attempt) => deleteVmem(db, projectId, name, version, nowMs, attempt)),
    referencesOf: (jobId) => engine.run((db) => referencesOf(db, jobId)),

    async sweepMemory(nowMs) {
      let more = false
      // A transaction for each project: none waits for the sweeping of another.
      for (const projectId of await engine.run((db) => projectsWithExpiredKv(db, nowMs))) {
        if (await engine.transaction((db) => sweepKv(db, projectId, nowMs))) more = true
      }
      for (const projectId of await engine.run((db) => projectsWithExpiredBlobs(db, nowMs))) {
        if (await engine.transaction((db) => sweepBlobs(db, projectId, nowMs))) more = true
      }
      return more
    },
    async nextExpiry() {
      const ends = [await engine.run(nextKvExpiry), await engine.run(nextBlobExpiry)].filter((end) => end !== null)
      return ends.length === 0 ? null : Math.min(...ends)
    },
  }
}
