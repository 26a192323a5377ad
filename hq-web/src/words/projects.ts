// What HQ says to the operator of the projects there are.
export const projectsWords = {
  title: 'Projects',
  lead: 'The operator’s token speaks for no project, so it sees no jobs: sign in with a project’s key for those.',
  name: 'Name',
  id: 'Id',
  created: 'Made',
  limits: 'Credits a day',
  noLimit: 'no limit',
  more: 'Older projects',
  caption: 'Projects, newest first',
} as const
