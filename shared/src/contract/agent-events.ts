// The wire between an agent and the Hub: socket.io events, all of them, with their strict schemas. Both ends parse.
//
//   Hub                                Agent
//   challenge {protocol, nonce}  --->
//                                <---  hello {publicKey, signature, ...}     ack: {ok} or {ok: false, code, message}
//                                <---  ready {engine, digests, ...}          ack: the same; once per engine and kernel
//   assign {assignmentId, ...}   --->                                        (no ack: the lease is the truth)
//                                <---  progress {units}                      ack; renews the lease of a long shard
//                                <---  answer {shards, partials, ...}        ack when durable
//                                <---  failed {shard, reason}                ack
//   revoke {assignmentId}        --->
//                                <---  handback {assignmentId}               ack; its open shards go to others
//                                <---  pause {}                              ack; no assignment until the next ready
//   tally {accepted, ...}        --->
//   refused {code, message}      --->                                        and the Hub disconnects
import { z } from 'zod'
import { assignmentIdSchema, digestSchema, engineNameSchema } from './ids.ts'

/** The only version that agents and Hub of this checkout speak. */
export const PROTOCOL_VERSION = 1

export const AGENT_LIMITS = {
  shardsPerAssignmentMax: 512,
  shardsPerAnswerMax: 64,
  /**
   * One that lists what lies in a tail can be far larger than one that sums up: at 1 MiB an honest one of 1.4 MB was
   * refused. Each kernel says its own limit, none more than this.
   */
  partialBytesMax: 3 * 1024 * 1024,
  /** Of all partials in one answer: bounds the socket's largest frame. */
  answerBytesMax: 4 * 1024 * 1024,
  /** No device is so slow, or so fast: what the Hub divides by a claim stays a number that it can add up. */
  unitsPerSecondMin: 1e-3,
  unitsPerSecondMax: 1e13,
  nameCharactersMax: 80,
  reasonCharactersMax: 500,
} as const

/** So many bytes in base64. */
export const base64Of = (bytes: number): z.ZodString =>
  z
    .string()
    .length(Math.ceil(bytes / 3) * 4, `must be ${bytes} bytes in base64`)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/)
const u32 = z.int().min(0).max(0xffffffff)

/**
 * The newest version that the Hub speaks. The one frame that may have more fields than these: who reads it may be older,
 * and should come as far as being told so.
 */
export const challengeSchema = z.object({ protocol: z.int(), nonce: z.string().regex(/^[0-9a-f]{64}$/) })
/** What a hello of any version has. */
export const greetingSchema = z.object({ protocol: z.int() })

export const helloSchema = z.strictObject({
  protocol: z.int(),
  publicKey: base64Of(32),
  /** Ed25519 over digest('agent-hello.v1', utf8(nonce)): the key is held now, not replayed. */
  signature: base64Of(64),
  kind: z.enum(['browser', 'node']),
  name: z.string().max(AGENT_LIMITS.nameCharactersMax).optional(),
  /** A node token, which names its owner; the referee's own is made by the server that starts it. */
  token: z.string().max(200).optional(),
})

export const readySchema = z.strictObject({
  engine: engineNameSchema,
  kernel: z.string().max(200),
  kernelDigest: digestSchema,
  /** What this engine returned for the kernel's known-answer shards, in their order. */
  digests: z.array(digestSchema).max(64),
  /** Measured on the known answers; only a first guess for the size of assignments. */
  unitsPerSecond: z.number().min(AGENT_LIMITS.unitsPerSecondMin).max(AGENT_LIMITS.unitsPerSecondMax),
})

export const assignmentSchema = z.strictObject({
  assignmentId: assignmentIdSchema,
  /** Fences late answers. */
  epoch: z.int().min(0),
  kernel: z.string(),
  kernelDigest: digestSchema,
  engine: engineNameSchema,
  /** The kernel's constants, key included. */
  constants: z.array(u32).max(256),
  /** Which of the kernel's programs. */
  program: z.string().max(100),
  /** Fetched once each from `/agent/tables/{digest}`. */
  tables: z.record(z.string(), digestSchema),
  /** Units of the whole job, in decimal; with unitsPerShard it gives each shard's range. */
  units: z.string().regex(/^\d{1,16}$/),
  unitsPerShard: z
    .int()
    .min(1)
    .max(2 ** 31),
  /** Of the job; the shards of one pass follow those of the one before, over the same units. */
  passes: z.int().min(1).max(4),
  shards: z.array(z.int().min(0).max(65_535)).min(1).max(AGENT_LIMITS.shardsPerAssignmentMax),
  leaseMs: z.int().min(1),
})

export const answerSchema = z.strictObject({
  assignmentId: assignmentIdSchema,
  epoch: z.int().min(0),
  shards: z
    .array(
      z.strictObject({
        shard: z.int().min(0).max(65_535),
        digest: digestSchema,
        bytes: z.int().min(1).max(AGENT_LIMITS.partialBytesMax),
      }),
    )
    .min(1)
    .max(AGENT_LIMITS.shardsPerAnswerMax),
  /** The partials one after another, in the order of `shards`. */
  partials: z
    .instanceof(Uint8Array)
    .refine(({ length }) => length <= AGENT_LIMITS.answerBytesMax, 'more bytes than an answer may have'),
  /** Time the engine spent on these shards. */
  kernelMs: z.number().min(0).max(1e9),
  /** Ed25519 over `answerDigest`. */
  signature: base64Of(64),
})

/** Said while a shard takes long: the engine computes, and the agent is no tab that hangs behind a live connection. */
export const progressSchema = z.strictObject({
  assignmentId: assignmentIdSchema,
  epoch: z.int().min(0),
  /** Computed so far in this assignment, unfinished shards included; greater each time. */
  units: z.int().min(1),
})
export const failedSchema = z.strictObject({
  assignmentId: assignmentIdSchema,
  epoch: z.int().min(0),
  shard: z.int().min(0).max(65_535),
  reason: z.string().max(AGENT_LIMITS.reasonCharactersMax),
})
export const handbackSchema = z.strictObject({ assignmentId: assignmentIdSchema, epoch: z.int().min(0) })
/** Said before an agent leaves (Finish, Stop, SIGTERM) and when its engine is lost: what it hands back stays away. */
export const pauseSchema = z.strictObject({})
export const revokeSchema = z.strictObject({ assignmentId: assignmentIdSchema })
export const tallySchema = z.strictObject({
  accepted: z.int().min(0),
  pending: z.int().min(0),
  rejected: z.int().min(0),
})

export const refusalCodes = [
  'PROTOCOL_TOO_OLD',
  'PROTOCOL_TOO_NEW',
  'BAD_FRAME',
  'BAD_SIGNATURE',
  'BAD_TOKEN',
  'SELF_TEST_FAILED',
  'KERNEL_UNKNOWN',
  'QUARANTINED',
  'NOT_YOURS',
  'STALE_EPOCH',
  'BAD_PARTIAL',
  'SERVER_STOPPING',
] as const
export const refusalSchema = z.strictObject({
  ok: z.literal(false),
  code: z.enum(refusalCodes),
  message: z.string(),
})
export const replySchema = z.discriminatedUnion('ok', [z.strictObject({ ok: z.literal(true) }), refusalSchema])

/** What the Hub says, by event. */
export const hubFrames = {
  challenge: challengeSchema,
  assign: assignmentSchema,
  revoke: revokeSchema,
  tally: tallySchema,
  refused: refusalSchema,
} as const satisfies Record<keyof HubToAgent, z.ZodType>
/** What an agent says, by event; the Hub answers each with a reply. */
export const agentFrames = {
  hello: helloSchema,
  ready: readySchema,
  answer: answerSchema,
  progress: progressSchema,
  failed: failedSchema,
  handback: handbackSchema,
  pause: pauseSchema,
} as const satisfies Record<keyof AgentToHub, z.ZodType>

export type Challenge = z.infer<typeof challengeSchema>
export type Hello = z.infer<typeof helloSchema>
export type Ready = z.infer<typeof readySchema>
export type Assignment = z.infer<typeof assignmentSchema>
export type Answer = z.infer<typeof answerSchema>
export type Progress = z.infer<typeof progressSchema>
export type Failed = z.infer<typeof failedSchema>
export type Handback = z.infer<typeof handbackSchema>
export type Pause = z.infer<typeof pauseSchema>
export type Revoke = z.infer<typeof revokeSchema>
export type Tally = z.infer<typeof tallySchema>
export type Refusal = z.infer<typeof refusalSchema>
export type RefusalCode = Refusal['code']
export type Reply = z.infer<typeof replySchema>

export interface HubToAgent {
  challenge: (challenge: Challenge) => void
  assign: (assignment: Assignment) => void
  revoke: (revoke: Revoke) => void
  tally: (tally: Tally) => void
  refused: (refusal: Refusal) => void
}
export interface AgentToHub {
  hello: (hello: Hello, reply: (reply: Reply) => void) => void
  ready: (ready: Ready, reply: (reply: Reply) => void) => void
  answer: (answer: Answer, reply: (reply: Reply) => void) => void
  progress: (progress: Progress, reply: (reply: Reply) => void) => void
  failed: (failed: Failed, reply: (reply: Reply) => void) => void
  handback: (handback: Handback, reply: (reply: Reply) => void) => void
  pause: (pause: Pause, reply: (reply: Reply) => void) => void
}
