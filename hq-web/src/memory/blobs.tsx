// Blobs: a list by prefix with size, type and checksum; each is downloaded or deleted as the version that is shown.
import { addressOf, get, remove, type Schema } from '../api.ts'
import { bytes } from '../format.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Digest } from '../parts/digest.tsx'
import { More } from '../parts/more.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { Sure } from '../parts/sure.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { Expiry } from './expiry.tsx'
import type { PartProps } from './kv.tsx'
import { PrefixForm } from './prefix-form.tsx'
import { UploadBlob } from './upload-blob.tsx'

type BlobRow = Schema<'ListBlobsAnswer'>['blobs'][number]

export function Blobs(props: PartProps) {
  const { query, round, off, written } = props
  const now = useNow()
  const prefix = query.get('prefix') ?? ''
  const cursor = query.get('cursor') ?? undefined
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/blob', { query: { prefix, cursor }, signal }),
    [prefix, cursor, round],
  )
  const { list, heads, none } = say.blob
  return (
    <>
      <section class="bill">
        <h2>{list}</h2>
        <PrefixForm key={prefix} query={{ kind: 'blob' }} prefix={prefix} />
        {problem !== null && <ProblemNote problem={problem} again={reload} />}
        {data !== null && data.blobs.length === 0 && <p class="after">{none}</p>}
        {data !== null && data.blobs.length > 0 && (
          <table class="stack keys after">
            <caption class="sr">{list}</caption>
            <thead>
              <tr>
                {Object.values(heads).map((head) => (
                  <th key={head} scope="col">
                    {head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.blobs.map((blob) => (
                <Row key={blob.name} of={blob} now={now} off={off} written={written} />
              ))}
            </tbody>
          </table>
        )}
        <More
          to="/memory"
          query={{ kind: 'blob', ...(prefix === '' ? {} : { prefix }) }}
          cursor={cursor}
          next={data?.next_cursor}
          first={say.first}
          later={say.later}
        />
      </section>
      <UploadBlob {...props} />
    </>
  )
}

interface RowProps extends Pick<PartProps, 'off' | 'written'> {
  readonly of: BlobRow
  readonly now: number
}

function Row({ of: blob, now, off, written }: RowProps) {
  const { heads, version, cost } = say.blob
  const params = { name: blob.name }
  const drop = async (): Promise<void> => {
    await remove('/api/v0/blob/{name}', { params, headers: { 'If-Match': `"${blob.version}"` } })
    written()
  }
  return (
    <tr>
      <th scope="row">
        {/* Always an attachment, as the server says it. */}
        <a class="name mono" href={addressOf('/api/v0/blob/{name}', { params })} download>
          {blob.name}
        </a>
        <span class="cap">{version(blob.version)}</span>
      </th>
      <td data-head={heads.bytes}>{bytes(blob.bytes)}</td>
      <td data-head={heads.type} class="long">
        {blob.content_type}
      </td>
      <td data-head={heads.sha256} class="all">
        <Digest of={blob.sha256} />
      </td>
      <td data-head={heads.changed}>
        <Age at={blob.updated_at} now={now} say={say.ago} />
      </td>
      <td data-head={heads.expires}>
        <Expiry at={blob.expires_at} now={now} />
      </td>
      <td>
        <Sure
          name={say.remove}
          label={say.removeNamed(blob.name)}
          off={off}
          cost={cost(blob.name)}
          sure={say.sure}
          keep={say.keep}
          deed={drop}
        />
      </td>
    </tr>
  )
}
