// What HQ says to the operator of the projects there are.
export const projectsWords = {
  title: 'Projects',
  lead: 'The operator’s token speaks for no project, so it sees no jobs: sign in with a project’s key for those.',
  heads: { name: 'Name', id: 'Id', limits: 'Credits a day', created: 'Made' },
  noLimit: 'no limit',
  more: 'Older projects',
  newest: 'Newest projects',
  caption: 'Projects, newest first',
  make: 'Make a project',
  name: 'Name of the project',
  nameHelp: 'A tenant, as its people and the bills call it. It begins with the usual limits.',
  busy: 'The server is asked',
  keys: {
    title: 'Its keys',
    another: 'Make another key',
    none: 'It has no key yet, so nobody can use it. Make the first one with all scopes and hand it over: its owner makes the others in HQ.',
  },
} as const
