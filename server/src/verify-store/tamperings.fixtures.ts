// Ways to tamper with a store that a Hub has written, one statement each, and what is then found.

const FIRST_ACT = "where chain = 'operator' and number = 0"
const OF_GOOD = 'where job_id = $good'
const inAnswer = (from: string, to: string) =>
  `update jobs set answer = regexp_replace(answer, '${from}', '${to}') where id = $good`

/** What is tampered with, what is found, and how: `$good`, `$failed` and `$settled` stand for ids. */
export const TAMPERINGS: readonly (readonly [what: string, found: RegExp, statement: string])[] = [
  ['a request', /contract_digest is not that of its stored/, "update jobs set request = replace(request, '7', '8')"],
  ['a seed', /says root_seed seed, its row has other/, "update jobs set root_seed = 'other' where id = $good"],
  ['a key', /registered with other digests or another key/, "update jobs set sampling_key = '00' where id = $good"],
  ['a plan digest', /says plan_digest/, "update jobs set plan_digest = 'x' where id = $good"],
  ['a basis', /its basis is not/, "update jobs set basis = 'x' where id = $good"],
  ['a warning', /its end is not the one/, inAnswer('"warnings":\\[', '"warnings":["x",')],
  ['an output', /its output is not that of/, inAnswer('"above":', '"above":1')],
  ['an output digest', /says output_digest 00.* reduced again/, inAnswer('"output_digest":"..', '"output_digest":"00')],
  ['a Merkle root', /says merkle_root 00.* verdicts give/, inAnswer('"merkle_root":"..', '"merkle_root":"00')],
  ['a count', /record says checked 1\d+, counted again/, inAnswer('"checked":', '"checked":1')],
  ['the count of voids', /record says voided 9\d*, counted again/, inAnswer('"voided":', '"voided":9')],
  ['an answer without end', /its answer cannot be read/, "update jobs set answer = '{' where id = $good"],
  [
    'a code',
    /its end is not/,
    `update jobs set problem = regexp_replace(problem, '"code":"[A-Z_]*"', '"code":"INTERNAL"') where id = $failed`,
  ],
  ['a problem', /it cannot be read/, "update jobs set problem = '{}' where id = $failed"],
  ['an event', /event 1 is not what its hash/, `update events set at_ms = 7 ${OF_GOOD} and number = 1`],
  ['what an event says', /event 1 is not what/, `update events set data = data || ' ' ${OF_GOOD} and number = 1`],
  ['a link', /event 2 does not follow/, `update events set previous = 'x' ${OF_GOOD} and number = 2`],
  ['an event that is gone', /event 1 is missing/, `delete from events ${OF_GOOD} and number = 1`],
  ['a first event', /do not begin with its registration/, `update events set type = 'state' ${OF_GOOD} and number = 0`],
  ['a chain that is gone', /has no events/, `delete from events ${OF_GOOD}`],
  ['an end that is gone', /tell of no end/, `delete from events ${OF_GOOD} and type = 'completed'`],
  ['an end that is none', /tell of 2 ends/, `update events set type = 'failed' ${OF_GOOD} and number = 1`],
  [
    'a job that runs again',
    /tell of an end that its row does not have/,
    "update jobs set state = 'RUNNING', finished_at_ms = null, answer = null where id = $good",
  ],
  ['a partial', /shard 2 has a partial whose bytes/, `update partials set bytes = 'x' ${OF_GOOD} and shard = 2`],
  ['a partial that is gone', /shard 2 has a verdict without/, `delete from partials ${OF_GOOD} and shard = 2`],
  ['a partial of no verdict', /shard 3 has an answer without/, `delete from partials ${OF_GOOD} and bytes = '1 0'`],
  ['a verdict that is gone', /shard 2 has no verdict/, `delete from verdicts ${OF_GOOD} and shard = 2`],
  [
    'a verdict of nothing',
    /shard 99 has a verdict, and is none/,
    `update verdicts set shard = 99 ${OF_GOOD} and shard = 2`,
  ],
  ['a verdict’s digest', /merkle_root/, `update verdicts set digest = repeat('0', 64) ${OF_GOOD} and shard = 2`],
  ['confirmations', /shard 2 has fewer answers/, `update verdicts set confirmations = 9 ${OF_GOOD} and shard = 2`],
  [
    'a referee',
    /the referee stands behind it, who does not/,
    'update verdicts set trusted = true where job_id = $good',
  ],
  ['answers that are gone', /no answer stands behind/, `delete from submissions ${OF_GOOD} and shard = 2`],
  ['an executor', /its executors are not/, `delete from executors ${OF_GOOD}`],
  [
    'an executor’s count',
    /answers that stand, counted again there are/,
    `update executors set shards = shards + 1 ${OF_GOOD}`,
  ],
  [
    'a void more',
    /submissions are void, and its events tell of/,
    `insert into voids select job_id, shard, executor, 'x' from submissions ${OF_GOOD} and shard = 2 on conflict do nothing`,
  ],
  ['a void less', /submissions are void, and its events tell of/, `delete from voids ${OF_GOOD}`],
  ['an act', /operator: act 0 is not what its hash/, `update acts set actor = 'server' ${FIRST_ACT}`],
  ['data of an act that are no JSON', /operator: act 0 cannot be read/, `update acts set data = '{' ${FIRST_ACT}`],
  ['data of an act that are another thing', /act 0 is not what its hash/, `update acts set data = '5' ${FIRST_ACT}`],
  ['an act that is gone', /acts of operator: act 0 is missing/, `delete from acts ${FIRST_ACT}`],
  ['a quarantine', /its quarantine 1 is missing/, 'update quarantines set number = 2'],
  ['a release of nothing', /its release 1 ends no quarantine/, 'delete from quarantines'],
  ['a release', /its release 1 is earlier/, 'update releases set at_ms = 1'],
  ['a notice', /do not tell of notice 0/, "update notices set detail = replace(detail, 'lied', 'slept')"],
  ['whom a notice names', /notice 0 cannot be read/, "update notices set identity = 'x' where job_id = $good"],
  ['a notice that is gone', /tell of 1 notices, it has 0/, 'delete from notices'],
  ['the telling of a notice', /do not tell of notice 0/, "delete from events where type = 'notice'"],
  [
    'a credit note’s amount',
    /\(credit-note\) moves 9999 on/,
    `update ledger_entries set micro_credits = micro_credits - sign(micro_credits)
      where transaction_id = (select id from ledger_transactions where kind = 'credit-note')`,
  ],
  [
    'a credit note’s reason',
    /gives another reason/,
    `update ledger_transactions set detail = '{"reason":"as asked"}' where kind = 'credit-note'`,
  ],
  [
    'a credit note that is gone',
    /do not tell of the same credit notes/,
    "delete from ledger_transactions where kind = 'credit-note'",
  ],
  ['what a credit notice says', /it cannot be read/, "update notices set detail = '{}' where kind = 'credit-note'"],
  [
    'an amount',
    /sum to 1/,
    "update ledger_entries set micro_credits = micro_credits + 1 where account = 'revenue' and transaction_id = $settled",
  ],
  [
    'amounts that sum to zero',
    /\(settle\) moves -?\d+ on/,
    `update ledger_entries set micro_credits = micro_credits + case when account = 'revenue' then 1 else -1 end
      where transaction_id = $settled and (account = 'revenue' or account like 'held/%')`,
  ],
  [
    'who earned',
    /\(settle\) moves \d+ on agent\/x, it should move 0/,
    "update ledger_entries set account = 'agent/x' where account like 'agent/%' and transaction_id = $settled",
  ],
  [
    'a price',
    /its ledger says that it costs 1, its contract/,
    `update ledger_transactions set detail = '{"price":"1","state":"COMPLETED"}' where id = $settled`,
  ],
  [
    'terms',
    /its terms are not those of its contract/,
    `update ledger_transactions set detail = replace(detail, '"micro_credits":"', '"micro_credits":"1') ${OF_GOOD} and kind = 'reserve'`,
  ],
  ['a settlement that is gone', /its ledger has another end/, `delete from ledger_transactions where id = $settled`],
  ['a ledger that is gone', /its receipt says something else of billing/, `delete from ledger_transactions ${OF_GOOD}`],
  ['a day', /counts for another day/, 'update ledger_transactions set day = 7 where id = $settled'],
  [
    'what a failure costs',
    /is FAILED, and its ledger says that it costs 7/,
    `update ledger_transactions set detail = '{"price":"7","state":"FAILED"}' where job_id = $failed and kind = 'settle'`,
  ],
  [
    'a receipt that is gone',
    /its receipt 0 is not signed, and does not wait/,
    `delete from seals ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a receipt',
    /its receipt: its signature is not/,
    `update seals set document = replace(document, '"credits":', '"credits":1') ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a receipt that says one thing twice',
    /its receipt cannot be read/,
    `update seals set document = replace(document, '"state":', '"state":"FAILED","state":') ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a receipt of another job',
    /says something else of job_id/,
    `update seals set document = (select document from seals where job_id = $failed) ${OF_GOOD} and kind = 'receipt'`,
  ],
  [
    'a signed notice',
    /its signed notice 0 says something else/,
    `update seals set document = replace(document, 'lied', 'slept') ${OF_GOOD} and kind = 'notice'`,
  ],
  ['a link that is gone', /its log: link 0 is missing/, 'delete from receipt_log where place = 0'],
  [
    'a link',
    /its log: link 1: its signature/,
    `update receipt_log set document = replace(document, '"place":1', '"place":7') where place = 1`,
  ],
  ['where a link leads', /its log: link 1 does not follow/, "update receipt_log set previous = 'x' where place = 1"],
  ['a key', /which is not in the list of keys/, "update signing_periods set key_id = repeat('0', 64)"],
  ['a time of a key', /did not sign at/, 'update signing_periods set from_ms = 4000000000000'],
  [
    'partials taken before a receipt',
    /were deleted before it was signed/,
    `with gone as (delete from seals ${OF_GOOD})
    insert into retentions values ($good, 1)`,
  ],
  ['a snapshot', /the snapshot of revenue is not the sum/, "insert into balance_snapshots values ('revenue', 1, 77)"],
  ['a notice of a failure', /has notices, and is FAILED/, 'update notices set job_id = $failed where job_id = $good'],
]
