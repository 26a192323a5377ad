// What HQ says while it verifies a job in the browser, and of what that proved.
import { count } from '../format.ts'

const shards = (n: number): string => `${count(n)} ${n === 1 ? 'shard' : 'shards'}`

export const verifyWords = {
  action: 'Verify',
  running: 'A job can be verified when it has completed.',
  noResult: 'Only a job with a result can be verified.',
  head: 'Verify in this browser',
  headNote: 'run again and recomputed here',
  lead: 'This browser reads the offline bundle, draws shards at random, runs them again with the agents’ own WASM program, and recomputes what is signed: root, bill, bound, sample, and the output from its partials.',
  number: 'Shards to run again',
  numberHelp: (all: number) => `1 to ${count(all)}; each takes as long as an agent took.`,
  numberFault: (all: number) => `A whole number from 1 to ${count(all)}.`,
  start: 'Draw and run them',
  again: 'Draw others',
  stop: 'Stop',
  busy: 'It is running.',
  reading: 'Reading the bundle and checking its documents.',
  progress: (done: number, all: number) => `${count(done)} of ${shards(all)} run again`,
  finishing: 'All are run; the last checks follow.',
  table: 'Shards that were run again here',
  heads: { shard: 'Shard', result: 'Result', digest: 'Digest' },
  results: { waits: 'Waits', same: 'Same bits', differs: 'Differs' },
  found: 'found here',
  listed: 'in the list',
  good: 'Nothing is wrong.',
  unrun: 'Nothing was run again.',
  unrunRest:
    ' The documents agree with each other; whether the result is right was not looked at here. Why is listed below as not proved.',
  bad: (n: number) => (n === 1 ? 'Something is wrong.' : `${count(n)} things are wrong.`),
  badRest: ' Keep the bundle, and do not rely on this result: what is listed as wrong cannot be as the server says.',
  same: (n: number, all: number) =>
    ` ${n === all ? `All ${shards(all)}` : `${count(n)} of ${shards(all)}, drawn at random,`} ${n === 1 && all > 1 ? 'was' : 'were'} run again in this browser and gave the same bits; all else that is listed as proved was recomputed here.`,
  rest: (n: number) =>
    n === 0
      ? ' No shard is left that was not run again.'
      : ` Not proved: that the other ${shards(n)} ${n === 1 ? 'is' : 'are'} right. The bound says how many may be wrong.`,
  code: 'The program that checked came from this server too. pnpm forge verify does the same without it.',
  findings: 'What was checked',
  kinds: { proved: 'Proved', wrong: 'Wrong', unshown: 'Not proved' },
  noKeys: (says: string) => `The server’s list of keys cannot be used: ${says}.`,
  broken: (says: string) => `The verification ended early: ${says}`,
} as const
