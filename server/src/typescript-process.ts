// Processes of ours written in TypeScript. The program is bundled into one script, once a process, and read by the new one
// from its standard input: so it starts in a tenth of the processor time that a loader of TypeScript takes there.
import { spawn, type ChildProcess, type IOType } from 'node:child_process'
import { once } from 'node:events'
import { typescriptBundle } from '@forge/agent-node/typescript-bundle.ts'

export interface TypescriptProcessOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly stdout: IOType
  readonly stderr: IOType
}

/**
 * Starts the program at `entry`, with a channel to it. Its arguments stand where those of a script file stand. Rejects
 * where it cannot be bundled, and where the system starts no process, for want of memory or of file handles.
 */
export async function typescriptProcess(
  entry: URL,
  args: readonly string[],
  { env = process.env, stdout, stderr }: TypescriptProcessOptions,
): Promise<ChildProcess> {
  const script = await typescriptBundle(entry, 'esm')
  const child = spawn(process.execPath, ['--input-type=module', '-', ...args], {
    env,
    stdio: ['pipe', stdout, stderr, 'ipc'],
  })
  // It may end before it has read all of it.
  child.stdin?.on('error', () => undefined)
  // Rejects at `error`, which ends this process where nobody hears it.
  await once(child, 'spawn')
  child.stdin?.end(script)
  return child
}
