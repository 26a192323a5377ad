// Every limit of Web Core, with its reason. Those of the contract itself are in shared/src/contract/envelope.ts.

export const WEB_LIMITS = {
  /** The contract nests four levels; args of a planned family a few more. */
  jsonDepthMax: 32,
  /** SPEC section 3: longer calls break in proxies; 202 and GET serve longer jobs. */
  waitSecondsMax: 120,
  waitSecondsDefault: 120,
  /** When to look again at a job that has not ended: a founding job takes seconds. */
  retryAfterSeconds: 1,
  /** When a server that is stopping may be back. */
  restartSeconds: 5,
  /** A store that takes longer to say one word is no store to send jobs to. */
  readyWithinMs: 2_000,
  /** A body may hold 100,000 unknown fields; nobody reads more errors than these. */
  fieldErrorsMax: 50,
  /** Field names and addresses come from the client; a longer one is cut in what we answer. */
  echoCharactersMax: 200,
  messageCharactersMax: 300,
  /** How exactly the last use of a key is known: a write an hour instead of one a request. */
  lastUseGrainMs: 60 * 60 * 1000,
  /** A built page is a few hundred kB; this much means that the wrong folder was named. */
  pagesBytesMax: 32 * 1024 * 1024,
} as const
