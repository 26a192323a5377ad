// Single words of compiled tables, changed as if a compiler or a fetch had gone wrong. The table's digest sees every one,
// and no agent runs a table of another digest; told beside it is how many the vectors' answers would see alone.
import { createWasmEngine } from '@forge/shared/agent/engines/wasm-engine.ts'
import { tableDigest } from '@forge/shared/distributions/table.ts'
import type { Digest } from '@forge/shared/exact/digest.ts'
import { artifact } from '@forge/shared/kernels/mc.insurance.v1/artifact.ts'
import type { Case } from '../conformance/case.ts'
import { drawer } from './choose.ts'
import { firstDifference, inOrder } from './subject.ts'

export interface WordsTried {
  readonly tables: number
  readonly words: number
  readonly unseen: readonly string[]
  readonly seenByAnswers: number
}

export async function tryWords(all: readonly Case[], count: number, seed: number): Promise<WordsTried> {
  const vectors = inOrder(all.filter(({ name }) => name.includes(' vector ')))
  const tables = new Map<Digest, Uint32Array>()
  for (const { launch } of vectors) {
    for (const words of Object.values(launch.tables)) tables.set(tableDigest(words), words)
  }
  const draw = drawer(`tables ${seed}`)
  const engine = createWasmEngine([artifact])
  const unseen: string[] = []
  let seenByAnswers = 0
  for (let i = 0; i < count; i++) {
    const [name, right] = [...tables][draw(tables.size)] ?? []
    if (name === undefined || right === undefined) throw new Error('vectors have tables')
    const [wrong, at, bit] = [right.slice(), draw(right.length), draw(32)]
    wrong[at] = (wrong[at] ?? 0) ^ (1 << bit)
    const answered = (await firstDifference(engine, withWords(vectors, name, wrong), () => {})).kind === 'killed'
    if (answered) seenByAnswers++
    if (tableDigest(wrong) === name) unseen.push(`bit ${bit} of word ${at} of the table ${name}`)
  }
  engine.close()
  return { tables: tables.size, words: count, unseen, seenByAnswers }
}

/** The cases that load the table, with other words in it. */
function withWords(cases: readonly Case[], name: Digest, wrong: Uint32Array): Case[] {
  return cases.flatMap((each) => {
    const tables = Object.entries(each.launch.tables)
    const changed = tables.map(([table, words]) => [table, tableDigest(words) === name ? wrong : words] as const)
    const isLoaded = changed.some(([, words]) => words === wrong)
    return isLoaded ? [{ ...each, launch: { ...each.launch, tables: Object.fromEntries(changed) } }] : []
  })
}
