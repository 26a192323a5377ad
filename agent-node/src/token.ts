// The node token of an agent on the command line.

/**
 * Undefined: it works for everybody. An empty FORGE_AGENT_TOKEN is none, as a compose file leaves it; an empty `--token` is
 * a mistake, for whoever writes it means to have one. Throws a sentence, which never repeats what was given.
 */
export function tokenOf(argument: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const text = argument ?? (env['FORGE_AGENT_TOKEN'] || undefined)
  if (text === undefined || /^ntk_[\da-f]{56}$/.test(text)) return text
  throw new Error('--token, or FORGE_AGENT_TOKEN, must be a node token: ntk_ and 56 hexadecimal digits')
}
