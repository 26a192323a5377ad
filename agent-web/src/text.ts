// All that the page says, but for what the pool or an engine says in its own words. Sentences are read aloud before they
// come here.

/** Kinds of work by kernel. One that has no name here is taken only by those who said so. */
export const KINDS: Readonly<Record<string, string>> = {
  'mc/1/insurance.v1': 'Monte Carlo: insurance losses',
}
export const kindName = (kernel: string): string => KINDS[kernel] ?? kernel

export const WORDS = {
  ready: 'Ready to start',
  selftest: 'Self-test',
  working: 'Working',
  idle: 'Idle',
  finishing: 'Finishing',
  stopped: 'Stopped',
  refused: 'Refused',
  barred: 'Cannot start',
} as const

export const HERO = {
  head: 'Lend this tab to one exact computer.',
  lead:
    'Press Start, and this tab works on small pieces of large calculations. Other machines run pieces again and must ' +
    'get the same bits. Stop or close the tab whenever you like.',
  field:
    'A calculation drawn as a field of small squares, one a shard. Most are finished, a few glow while tabs work on ' +
    'them, and one is marked as this tab’s.',
  note: 'A drawing of a calculation:',
  keys: { accepted: 'accepted', running: 'in somebody’s tab', yours: 'would be yours' },
} as const

export const STATE = {
  label: 'This tab',
  ready: 'No account, nothing to install. Work begins within two seconds, when there is some.',
  starting: 'Starting.',
  stopped: 'What was not finished went to others. Start begins again.',
  restarting: 'With the new settings, once what has begun is done.',
  otherTab: 'Another tab of this browser works already. This one takes over when that one stops or closes.',
  takenOver: 'Another tab of this browser took over, so this one stopped.',
  broken: (message: string) => `The agent could not go on in this browser: ${message}.`,
  unreachable: 'The pool cannot be reached now. Press Start to try again.',
  refusedBefore: (when: string, why: string) => `On ${when}, the pool said: “${why}”`,
  working: (kind: string, engine: string) => `${kind}, on ${engine}.`,
  outdated: 'There is a newer version of this page.',
  outdatedSoon: 'It reloads once the shards at hand are done, and works on.',
  reload: 'Reload',
} as const

const JOIN_AGAIN = 'Whoever gave you the link can give you a new one.'

export const JOIN = {
  label: 'Whom this tab works for',
  pool: (pool: string) =>
    `With this link the tab works for the pool “${pool}” of whoever gave it to you, and for nobody else’s jobs.`,
  everybody: 'With this link the tab counts as one of whoever gave it to you, and works for everybody’s jobs.',
  other: (address: string) => ` The address names the pool “${address}”, but the pool of its token counts.`,
  otherThanAll: (address: string) =>
    ` The address names the pool “${address}”, but its token counts, and that is of no pool.`,
  refused: (why: string) => `The pool does not let this link in: ${why} ${JOIN_AGAIN}`,
  asking: 'The pool is asked whose link this is.',
  later: (when: string) =>
    `The pool is asked too often now whose links these are. This page asks again at ${when}, as it was told to.`,
} as const

export const ACTS = {
  start: 'Start',
  finish: 'Finish',
  stop: 'Stop',
  takeOver: 'Work here instead',
  explain: 'Finish completes the shards that have begun. Stop ends at once.',
  started: 'Start: this tab has started already.',
  nothing: 'Finish and Stop: nothing runs now.',
  finishing: 'Finish: it is finishing. Stop ends at once.',
  paused: 'Finish: nothing has begun. Stop ends the pause for good.',
  barred: 'Start: not with this link.',
  noKind: 'Start: choose at least one kind of work below.',
  once: 'For this time only; the setting stays.',
} as const

export const PAUSES = {
  kinds: { why: 'No kind of work is chosen, so there is nothing to do.', act: undefined },
  battery: {
    why: 'This machine is on battery, and you asked to pause then. Work goes on by itself when the charger is in.',
    act: 'Work on battery',
  },
  hidden: {
    why: 'The tab is hidden, and you asked to pause then. It goes on when you look at it.',
    act: 'Work hidden',
  },
  hours: { why: 'It is outside the hours that you set. Work starts by itself when they begin.', act: 'Work now' },
  data: {
    why: 'The data of today is used up, by the cap that you set. It goes on tomorrow, or with a higher cap.',
    act: 'Work beyond the cap',
  },
} as const

export const FACTS = {
  head: 'What it will use',
  power: 'Power',
  powerIs: (workers: number, cores: number, cpu: number, gpu: number) =>
    `Your graphics chip for ${gpu} % of the time, or else ${workers} of your processor’s ${cores} ${
      cores === 1 ? 'core' : 'cores'
    } for ${cpu} %. A fan may turn, and a battery empties sooner.`,
  data: 'Data',
  dataIs: '1 to 3 kB a shard, and up to a few MB of tables for each new calculation.',
  network: 'Your network',
  networkIs: (days: number | null | undefined) =>
    `The first part of your address (/24 or /48) is kept ${
      typeof days === 'number'
        ? `for ${days} ${days === 1 ? 'day' : 'days'} after a job’s end`
        : 'as long as the job that you worked on'
    }, so that no network checks its own work. The rest is not stored.`,
  key: 'A key',
  keyIs:
    'This browser keeps a random key that signs your answers. It says nothing about you; clearing the site’s data ' +
    'removes it.',
  kinds: 'Kinds of work',
  newKinds: 'New kinds, once this page has named them',
  name: 'A name',
  nameIs: 'The pool’s pages may call this tab by it. Nobody needs one.',
  nameLabel: 'Name, optional',
} as const

export const PROMISES = {
  head: 'What we promise',
  rows: [
    [
      'It stays in the tab',
      'The work runs in the browser’s own sandbox. It cannot read your files, your other tabs or your history.',
    ],
    ['Stop means stop', 'At once. Shards that are not finished go to someone else; nobody is let down.'],
    [
      'Nothing is claimed',
      'A shard counts as yours when it has been accepted, and you can see every one that was not, with the reason.',
    ],
    ['Credits are thanks, not money', 'You earn contribution credits for accepted shards. They have no cash value.'],
  ],
} as const

export const BENCH = {
  head: 'This assignment',
  none: 'No shard here now',
  aside: (shards: number, done: number) =>
    `${shards.toLocaleString('en')} ${shards === 1 ? 'shard' : 'shards'}, ${Math.floor(done * 100)} % computed`,
  label: (answered: number, shards: number, running: number) =>
    `${answered} of ${shards} shards answered, ${running} running`,
  keys: { waiting: 'waiting', running: 'running', answered: 'answered' },
} as const

export const SPEED = {
  head: 'Speed',
  aside: 'the last minute',
  unit: 'units a second, over ten seconds',
  label: (now: string, most: string) => `Units a second over the last minute: ${now} now, ${most} at most`,
  from: '60 s ago',
  to: 'now',
} as const

export const COUNTS = {
  head: 'Shards you returned',
  aside: 'since this tab connected',
  accepted: 'Accepted',
  pending: 'Pending',
  pendingNote: 'their job is not finished',
  rejected: 'Rejected',
  rejectedNote: 'below, with the reason',
  credits: 'Credits',
  creditsNote: 'in all; no cash value',
  total: (accepted: number, jobs: number) =>
    `With this key, ever: ${accepted.toLocaleString('en')} ${accepted === 1 ? 'shard' : 'shards'} accepted in ${jobs.toLocaleString('en')} completed ${jobs === 1 ? 'job' : 'jobs'}. What was accepted for jobs that failed or were cancelled counts in the credits only.`,
} as const

export const HOUR = {
  head: 'The last hour',
  aside: (work: string) => `${work} at work`,
  label: (work: string, idle: string, paused: string) => `Worked ${work}, without a shard ${idle}, paused ${paused}`,
  from: 'an hour ago',
  to: 'now',
  took: (ms: number) => (ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`),
} as const

export const TESTS = {
  head: 'Self-test',
  aside: 'on this machine',
  note:
    'An engine works here only after it has reproduced answers that are known, bit for bit. A refused one does no work, ' +
    'and you need not do anything.',
  words: {
    running: 'testing',
    passed: 'passed',
    refused: 'refused',
    absent: 'not here',
    waiting: 'in reserve',
    ended: 'not finished',
  },
  ended: 'The agent ended before this test did; nothing runs now.',
  waiting: 'It is tested when no engine before it works here.',
} as const

export const CONTROL = {
  head: 'How much',
  aside: 'kept for next time',
  preset: 'How much of this machine',
  presets: { quiet: 'Quiet', balanced: 'Balanced', all: 'All' },
  presetIs: (workers: number, cores: number, cpu: number, gpu: number) =>
    `${workers} of ${cores} ${cores === 1 ? 'core' : 'cores'} for ${cpu} % of the time; graphics chip ${gpu} %. You can change it while it runs.`,
  cpu: 'CPU share',
  gpu: 'GPU share',
  cpuLabel: 'CPU share asked, in per cent',
  gpuLabel: 'GPU share asked, in per cent',
  asked: (per: number) => `asked ${per} %`,
  measured: (per: number) => `measured ${per} %`,
  note: 'The handle is what you asked, the bar is what this tab used in the last 10 s.',
  workers: 'CPU workers',
  workersOfAddress: 'The address of this page says how many; without “threads” in it you choose here.',
  battery: 'Pause on battery',
  batteryUnknown: 'Pause on battery: this browser does not tell',
  hidden: 'Pause when the tab is hidden',
  hours: 'Only at these hours',
  from: 'from',
  until: 'until',
  wake: 'Keep the screen awake while it works',
  wakeUnknown: 'Keep the screen awake: this browser cannot',
  cap: 'Data cap in megabytes a day; empty for none',
  capBefore: 'It stops at',
  capAfter: 'MB a day (empty: no cap).',
  capRefused: (most: number) => `That was no whole number from 1 to ${most.toLocaleString('en')}; nothing was changed.`,
  used: (bytes: number) => `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB used today.`,
} as const

export const AGENT = {
  head: 'This agent',
  engine: 'Engine',
  none: 'none',
  webgpu: 'WebGPU, the graphics chip',
  wasm: (lanes: number) => `WASM, ${lanes} ${lanes === 1 ? 'worker' : 'workers'}`,
  connection: 'Connection',
  connected: 'connected to the pool',
  pool: 'Pool',
  forAll: 'everybody’s',
  ofLink: 'that of the link, not heard of yet',
  refusal: 'Last refusal',
} as const

export const KEY = {
  head: 'Your key',
  aside: 'what credits are counted by',
  note: 'Whoever has the file can work, and collect credits, as you. Keep it like a password.',
  export: 'Export the key',
  import: 'Import a key',
  file: 'A key file to import',
  busy: 'Import: stop the work first.',
  exported: 'The key is in your downloads.',
  imported: 'This browser now works under the imported key.',
  replaced: 'The key that was here before is gone from this browser, unless you exported it.',
  locked:
    'This key was made so that it can never leave this browser. A new one, made after the site’s data is cleared, can.',
  notAKey: 'That file is not a key that this page exported. Nothing has changed.',
} as const

export const REJECTED = {
  head: (count: number) =>
    count === 1 ? 'One shard was rejected' : `${count.toLocaleString('en')} shards were rejected`,
  note: 'It is most often a driver or unstable memory, seldom a person. What was settled stays yours.',
  shard: (shard: number, job: string) => `Shard ${shard} of job ${job}`,
  yours: (engine: string) => `This browser, ${engine}`,
  accepted: 'The accepted answer',
  undecided: 'Nothing is accepted yet',
  differs: 'is not equal to',
  same: 'is equal to',
  sameNote: 'The same bits, but they do not count: another answer of this key was wrong.',
} as const

export const TOOK = {
  head: 'What it went into',
  none: 'Nothing yet: a job stands here when it is finished.',
  yours: (shards: number | null, of: number) =>
    shards === null ? `of ${of} shards` : `${shards} of ${of} shards yours`,
  receipt: 'Receipt',
  unsigned: 'The receipt is not signed yet.',
  note: 'The job’s owner has the receipt that this digest names. It says which shards were checked, and by how many.',
} as const

export const FOOT = {
  says: 'One deterministic computer made of browser tabs.',
  agents: (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'agent' : 'agents'} here now`,
} as const

export const MISTAKES = {
  engine: '“engine” in the address is webgpu or wasm; the page chooses.',
  threads: (most: number, used: number) =>
    `“threads” in the address is a whole number from 1 to ${most}; this page uses ${used}.`,
  preset: '“preset” in the address is quiet, balanced or all; the page keeps what was set.',
  token: `The token at the end of this link is cut off or mistyped, so nobody can say for which pool this tab would work. ${JOIN_AGAIN}`,
  tokenInQuery: `The token of this link stands before the #, where it is sent along and not taken. ${JOIN_AGAIN}`,
  pool: `This link names a pool, and the pool’s token behind the # is missing. ${JOIN_AGAIN}`,
} as const

/** 41.8 million reads better than 41,812,345. */
export function large(value: number): string {
  const [scale, word] = value >= 1e9 ? [1e9, ' billion'] : value >= 1e6 ? [1e6, ' million'] : [1, '']
  const digits = word === '' ? 0 : 1
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return `${(value / scale).toLocaleString('en', options)}${word}`
}
