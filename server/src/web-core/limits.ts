// Every limit of Web Core, with its reason. Those of the contract itself are in shared/src/contract/envelope.ts.

export const WEB_LIMITS = {
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
  /** Limits of projects that are kept as they were read; some hundred bytes each. */
  limitsKeptMax: 256,
  /** Field names and addresses come from the client; a longer one is cut in what we answer. */
  echoCharactersMax: 200,
  messageCharactersMax: 300,
  /** Of a body while it comes, over the time of the setting: a tenth of an old telephone line. */
  bodyBytesPerSecondMin: 256,
  /** A body has so many chunks of any size, and one more for every so many bytes: a megabyte in single bytes took 7.5 s of a core. */
  bodyCrumbsMax: 4_096,
  bodyChunkBytesMin: 64,
  /** Of a whole body, which is an upload's time: 5 GiB by a line of 0.6 Mbit/s. */
  bodyHoursMax: 20,
  /** Of a text that is sent as its reader takes it: what a line of 270 bytes a second takes in a minute. */
  sentBytesAtOnce: 16 * 1024,
  /** Of a job's shards: a founding job has 153, and a page shows all of them. */
  shardsPerPageMax: 500,
  shardsPerPageDefault: 100,
  /** Of a usage or an invoice: a year and its leap day. More is several of them. */
  billingDaysMax: 366,
  billingDaysDefault: 30,
  /** Of jobs given up today, where a project may give up any number: more are shown as so many. */
  givenUpCountedMax: 10_000,
  /** How long a server goes by what it last read of a project's request limit, and how long a refusal asks the store nothing. */
  rateShareMs: 1_000,
  /** Projects whose requests are counted here; what one that is forgotten had taken is a second's worth at most. */
  rateSharesMax: 10_000,
  /** Of one project at a time: a console for each of its people, and some scripts. */
  streamsPerProjectMax: 20,
  /** Of one project at a time: each holds a connection and a file. Clients that send in parallel send ten or so. */
  uploadsPerProjectMax: 16,
  /** Of one project at a time: bundles that are being fetched, each with some megabytes in memory. */
  bundlesPerProjectMax: 4,
  /** Of one project at a time: addresses of webhooks that are looked up, which takes as long as their name servers do. */
  lookupsPerProjectMax: 4,
  /** When a project that has all its jobs, streams, uploads, lookups or bundles may have a place again. */
  retryPlaceSeconds: 10,
  /** A stream ends after this and is opened again with Last-Event-ID: so a revoked key is noticed. */
  streamMsMax: 5 * 60 * 1000,
  /** How often a stream looks for news; a job's end is heard of at once. */
  streamPollMs: 1_000,
  /** Two looks are never closer, whatever wakes them. */
  streamPauseMs: 200,
  /** Sizes of jobs that lists of jobs remember: a few dozen bytes each, of more jobs than anybody looks at. */
  jobSizesKept: 10_000,
  /** Proxies cut a silent connection after 30 to 60 s. */
  streamHeartbeatMs: 15_000,
  /** How old the last look at its caller's key may be when a stream says something. */
  streamKeyMs: 5_000,
  /** How long an EventSource waits before it opens the stream again. */
  streamRetryMs: 2_000,
  /** How exactly the last use of a key is known: a write an hour instead of one a request. */
  lastUseGrainMs: 60 * 60 * 1000,
  /** Of routes that anybody may call: their bodies are read before anything is asked. */
  publicBodyBytesMax: 4_096,
  /** Records of agents that are read, whoever asks: a signature and some sums each; ten thousand pages ask once a minute. */
  agentReadsPerSecond: 200,
  agentReadsBurst: 400,
  /** Looks at whose a node token is, by all whose address is not known: a digest and a row each; a page with a link asks once. */
  tokenLooks: { perSecond: 50, burst: 100 },
  /** Of one address, or an IPv6 /64: a class behind one opens the same link at once. */
  tokenLooksPerAddress: { perSecond: 5, burst: 100 },
  /** Of an IPv4 /24 or IPv6 /48. */
  tokenLooksPerNetwork: { perSecond: 20, burst: 400 },
  /** Addresses, and networks, whose looks are remembered. */
  tokenLookPlacesMax: 20_000,
  /** How old, or how far ahead, a signature that asks for a record may be; whose clock is further off is told ours. */
  agentReadSkewMs: 2 * 60 * 1000,
  /** Tries to sign in to HQ that fail, whoever makes them: some digests and a look at the store each. */
  signIns: { perSecond: 50, burst: 200 },
  /** Of one address, or an IPv6 /64: an office signs in at nine, and a person mistypes; a guess takes five seconds. */
  signInsPerAddress: { perSecond: 0.2, burst: 20 },
  /** Of an IPv4 /24 or IPv6 /48: whoever has a whole one is one. */
  signInsPerNetwork: { perSecond: 1, burst: 60 },
  /** Sessions that one key begins: an office that shares one signs in at nine. Each is an act in a chain that is kept. */
  signInsPerKey: { perSecond: 1, burst: 60 },
  /** Addresses, networks and keys whose tries are remembered. */
  signInPlacesMax: 20_000,
  /** A working day: then one signs in again. */
  sessionMsMax: 12 * 60 * 60 * 1000,
  /** People and browsers of one key that are signed in to HQ; one more signs the oldest out. */
  sessionsPerKeyMax: 50,
  /** Ten years: an agent may claim any speed, and what its least gives is no number that anybody could use. */
  expectedMsMax: 10 * 365 * 24 * 60 * 60 * 1000,
  /** How old the answer to who worked on a project’s newest jobs may be. */
  projectWorkMs: 2_000,
  /** Acts, or links of receipts: some 500 bytes each, and whoever checks a chain reads all of it. */
  chainPerPageMax: 500,
  chainPerPageDefault: 50,
  /** Of why an agent is quarantined or banned: two sentences. */
  orderReasonCharactersMax: 300,
  /** A built page is a few hundred kB; this much means that the wrong folder was named. */
  pagesBytesMax: 32 * 1024 * 1024,
} as const
