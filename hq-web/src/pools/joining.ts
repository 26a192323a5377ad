// How an agent joins with a node token: the volunteer's page, which takes the token from behind the # that no browser sends, and
// the Node agent, which takes it from its environment.

export const linkOf = (origin: string, pool: string | null, token: string): string =>
  `${origin}/${pool === null ? '' : `?pool=${encodeURIComponent(pool)}`}#token=${token}`

export const commandOf = (origin: string, token: string): string =>
  `FORGE_AGENT_TOKEN=${token} npx --yes pnpm@10.34.9 agent --url ${origin}`
