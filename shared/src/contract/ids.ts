// The ids of the system, branded so that none is taken for another.
import { z } from 'zod'
import type { Digest } from '../exact/digest.ts'

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A ULID of ours; the client's own id is `ClientJobId`. */
export const jobIdSchema = z.string().regex(ULID, 'a job id is a ULID of 26 characters').brand('JobId')
export type JobId = z.infer<typeof jobIdSchema>

export type ProjectId = string & z.BRAND<'ProjectId'>
/** SHA-256 (domain `identity.v1`) of the Ed25519 public key: one browser profile or machine. */
export const identitySchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'an identity is 64 hexadecimal digits')
  .brand('Identity')
export type Identity = z.infer<typeof identitySchema>
/** One connection of an identity: an agent. Never reused. */
export type SessionId = string & z.BRAND<'SessionId'>
/** Opaque and random: it says nothing of job, role or order. */
export const assignmentIdSchema = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'an assignment id is 32 hexadecimal digits')
  .brand('AssignmentId')
export type AssignmentId = z.infer<typeof assignmentIdSchema>

/** A brand is made here: a transform would have no JSON Schema. */
export const digestSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'a digest is 64 lower-case hexadecimal digits') as unknown as z.ZodType<Digest, string>

const engineNames = ['webgpu', 'wasm', 'reference'] as const
export const engineNameSchema = z.enum(engineNames)
export type EngineName = z.infer<typeof engineNameSchema>
