// Every bound of the store, with its unit and its reason. Nothing here changes what is stored, only how much of it may
// wait, how long and how often.
export const STORE_LIMITS = {
  /** Connections to Postgres for single statements, and one for each lane of transactions; the server's default is 100. */
  postgresReadersMax: 3,
  postgresLanes: 3,
  /** Statements that a connection keeps prepared; ours are fewer, but for those whose text has as many values as they are about. */
  preparedPerConnection: 256,
  /** A plan that was made while a table had a few rows reads it from end to end when it has thousands: not for long. */
  planAgeMsMax: 10_000,
  /** Keys, jobs or notices that one statement asks for at once. */
  gatheredMax: 256,
  /** Of the requests and answers of ended jobs that stay in memory: some thousand founding jobs. */
  finishedJobsCharactersMax: 16 * 1024 * 1024,
  /** Of answers; a lane is left for jobs that begin and end. */
  groupsMax: 2,
  connectTimeoutSeconds: 5,
  /** No statement of ours takes a second; one that takes this long hangs on something, and is better ended. */
  statementTimeoutMs: 30_000,
  /** Readiness must answer before the load balancer loses patience. */
  pingTimeoutMs: 2_000,
  /** For writes that have begun when the store is closed; a database that is there takes them in less than a second. */
  closeMsMax: 5_000,
  /**
   * Beyond `statementTimeoutMs`, by which the database itself has ended a statement: what says nothing for longer is a connection
   * that the network has forgotten, and another may well be had.
   */
  silentMsMax: 35_000,
  /** Of the connection that holds a server's lock; one that says nothing for so long is given up for another. */
  sessionAnswerMsMax: 10_000,
  /** For a server that stops to give its lock back; the end of its connection does it too. */
  leaveMsMax: 2_000,

  /** A restarting Postgres is back within some seconds: 50, 100, ... 2000, 2000 ms make about 9 seconds in all. */
  attemptsMax: 10,
  retryFirstMs: 50,
  retryDelayMsMax: 2_000,

  /** Of one group commit, so that no caller waits behind a transaction of seconds. One call may exceed it, alone. */
  bytesPerGroupMax: 8 * 1024 * 1024,
  /** Of all writes that wait for their group. Beyond it the database is too slow for the pool, and callers are told. */
  bytesWaitingMax: 256 * 1024 * 1024,
  /** What a row weighs beside its bytes, roughly. */
  bytesPerRow: 300,

  /** Some milliseconds of this process's time each; between them others have theirs. */
  verdictsPerInsert: 1_024,

  /** Partials read at once, and how many bytes of them before the last one: most have some kB, some kernels' have a MB. */
  partialsPerBatch: 256,
  bytesPerBatchMax: 4 * 1024 * 1024,

  /** Jobs that get a notice in one transaction, and the ranges of shards that a notice lists. */
  jobsPerNoticeBatch: 16,
  rangesPerNoticeMax: 256,
  eventsPerBatch: 1_000,
  transactionsPerBatch: 500,
  sealsPerBatch: 100,
  /** Jobs that one transaction takes partials or networks from, and rows of theirs: beyond them a job goes alone. */
  jobsPerRetentionBatch: 16,
  rowsPerRetentionBatch: 8_192,
  /** Of an account, newer than its last snapshot: adding up so many takes a millisecond. */
  entriesPerSnapshot: 500,
  /** Of an account, added up by one statement: some tens of milliseconds. More are added up in several. */
  entriesPerSum: 20_000,
  /** Of usage, read by one statement: others have the connection between two of them. */
  daysPerUsageRead: 31,
  /** Statements of usage and ledger that wait for those before them: some seconds' worth. Beyond it the store is too busy. */
  reportsWaitingMax: 200,
  /** Records of agents that wait for those before them. */
  recordsWaitingMax: 200,
  /** Void shards of an agent, of its newest jobs, that its record looks at for those that a person is shown. */
  voidsPerRecord: 1_000,
  /** Of a project, whose shards are looked at for who worked on them: some ten thousand rows of theirs. */
  jobsPerWork: 20,
  jobIdsPerBatch: 1_000,
  /** Of what an identity did, as many as a person looks at. */
  recordRows: 12,

  /** Expired things that one transaction removes, and projects that one sweep looks at. */
  sweptPerBatch: 500,
  /** Blobs take three statements each. */
  blobsSweptPerBatch: 50,

  /** Two servers that start in the same moment may both stand back; then they try again, some tens of ms apart. */
  lockAttemptsMax: 4,
  lockPauseMsMax: 60,
} as const
