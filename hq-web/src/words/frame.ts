// What HQ says on every view: its frame, refusals, signing in, the states of jobs, and what profiles are called.
export const frameWords = {
  product: 'Forge Pool HQ',
  skip: 'Skip to the content',
  nav: {
    label: 'HQ',
    jobs: 'Jobs',
    newJob: 'New job',
    billing: 'Billing',
    keys: 'Keys',
    agents: 'Agents',
    audit: 'Audit log',
    projects: 'Projects',
  },
  project: (name: string) => `Project ${name}`,
  operator: 'Operator',
  signOut: 'Sign out',
  title: (view: string) => `${view}, Forge Pool HQ`,
  loading: 'Asking the server',
  again: 'Ask again',
  copy: 'Copy',
  copied: 'Copied',
  copyNamed: (what: string) => `Copy ${what}`,
  download: 'Download',

  draft: {
    old: 'What you typed before and did not send is here again.',
    anew: 'Begin anew',
  },

  problem: {
    byItself: 'It is asked again by itself.',
    unreachableTitle: 'The server does not answer',
    unreachable: 'Nothing came back from the server. It may be restarting, or the network is gone.',
    inexactTitle: 'The answer cannot be checked',
    inexact: (path: string, message: string) =>
      `What the server sent is not JSON that reads one way only: ${path === '' ? '' : `${path}: `}${message}.`,
    notOurs: (status: number) => `Something between here and the server answered ${status}.`,
    code: 'Code',
    retry: 'Trying again can help.',
    noRetry: 'Trying the same again will not help.',
  },

  signIn: {
    title: 'Sign in',
    lead: 'HQ shows what your project runs, what it costs and how it was checked.',
    key: 'Project key or admin token',
    keyHelp:
      'A project’s key begins with fpak_. It is sent once and kept nowhere in this browser: a cookie that no script can read stands for it, for twelve hours at most.',
    submit: 'Sign in',
    where: 'The server prints a key when it starts for the first time. Whoever runs the server can make more.',
    ended: 'You were signed out: the session ended, or its key was revoked.',
    noCookie:
      'This browser did not keep the cookie of the session. Browsers keep it over HTTPS, and Chromium and Firefox also on localhost: open HQ there.',
  },

  notFound: {
    title: 'Nothing here',
    lead: 'This address of HQ shows nothing. It may have been typed wrongly, or the view has moved.',
    leadOperator:
      'This address of HQ shows nothing to an operator. Jobs, bills and keys are their project’s: sign in with a key of it.',
    back: 'To the jobs',
    backOperator: 'To the projects',
  },

  states: {
    QUEUED: 'Queued',
    RUNNING: 'Running',
    VERIFYING: 'Verifying',
    COMPLETED: 'Completed',
    FAILED: 'Failed',
    CANCELLED: 'Cancelled',
  },

  reasons: {
    waits: (online: string, needed: string, which: string) =>
      `Waiting for agents: ${online} online, ${needed} needed${which === '' ? '' : `,${which}`}.`,
    still: (waits: string) => `At the deadline the job still had too few. ${waits}`,
    nobody: (which: string) => `No agent is online that could go on${which === '' ? '' : `,${which}`}.`,
    engines: { cpu: ' with WASM', gpu: ' with WebGPU' } as Readonly<Record<string, string>>,
  },

  profiles: { 'mc/1/insurance.v1': 'Insurance losses' } as Readonly<Record<string, string>>,
  units: { 'mc/1/insurance.v1': 'years' } as Readonly<Record<string, string>>,
  unitFallback: 'units',
} as const
