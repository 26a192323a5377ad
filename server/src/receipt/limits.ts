// The bounds of signing, each with its unit and its reason.
export const RECEIPT_LIMITS = {
  /** A server that is being replaced may still sign for so long after its successor began with another key. */
  keyOverlapMs: 24 * 60 * 60 * 1000,
  /** From the first end until its receipt is signed, unless somebody asks for it: those that end meanwhile are signed with it. */
  gatherMs: 200,
  /** Receipts that are made in one turn, at a third of a millisecond each, of rows that are read together. */
  signedTogether: 16,
  /** More verdicts than these are read for one receipt at a time: a job may have tens of thousands. */
  fewShards: 256,
  /** After a failure, when nothing else wakes the sealer: a restarting database is back within some seconds. */
  sealRetryMs: 5_000,
  /** Of all partials in a bundle: JSON has them in base64, and whoever checks it parses it whole. */
  bundlePartialBytesMax: 64 * 1024 * 1024,
  /** Of a bundle's text, that are sent together. */
  bundlePieceCharactersMin: 64 * 1024,
  /** How often retention looks for what it may delete. */
  retentionEveryMs: 60 * 60 * 1000,
} as const
