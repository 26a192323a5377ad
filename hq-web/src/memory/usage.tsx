// How much of the memory is used, beside the quotas.
import { Share } from '../billing/usage.tsx'
import { get } from '../api.ts'
import { useLoad } from '../load.ts'
import { Heads } from '../parts/heads.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { memoryWords as say } from '../words/memory.ts'

/** Asked again when something was written. */
export function MemoryUsage({ round }: { round: number }) {
  const { data, problem, reload } = useLoad((signal) => get('/api/v0/memory', { signal }), [round])
  if (data === null) return problem === null ? null : <ProblemNote problem={problem} again={reload} />
  const { kv, blob, vmem } = data.memory
  const rows = [
    ['kv', kv.keys, kv.bytes],
    ['blob', blob.blobs, blob.bytes],
    ['vmem', vmem.arrays, vmem.bytes],
  ] as const
  const heads = say.usageHeads
  return (
    <table class="stack limits">
      <caption class="sr">{say.usage}</caption>
      <Heads of={heads} />
      <tbody>
        {rows.map(([kind, things, size]) => (
          <tr key={kind}>
            <th scope="row">{say.kinds[kind]}</th>
            <td data-head={heads.things}>{say.ofCount(things.used, things.limit)}</td>
            <td data-head={heads.bytes}>{say.ofBytes(size.used, size.limit)}</td>
            <td class="share">{size.limit !== null && <Share of={size.limit === 0 ? 1 : size.used / size.limit} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
