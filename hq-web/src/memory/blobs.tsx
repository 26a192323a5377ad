// Blobs: a list by prefix with size, type and checksum; each is downloaded or deleted as the version that is shown.
import { addressOf, get, remove, type Schema } from '../api.ts'
import { bytes } from '../format.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Digest } from '../parts/digest.tsx'
import { Expiry } from '../parts/expiry.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { Drop } from './drop.tsx'
import type { PartProps } from './kv.tsx'
import { PrefixList } from './prefix-list.tsx'
import { UploadBlob } from './upload-blob.tsx'

type BlobRow = Schema<'ListBlobsAnswer'>['blobs'][number]

export function Blobs(props: PartProps) {
  const { query, round, off, written } = props
  const now = useNow()
  const { list, heads, none } = say.blob
  return (
    <>
      <PrefixList<BlobRow>
        title={list}
        none={none}
        heads={heads}
        here={{ kind: 'blob' }}
        query={query}
        round={round}
        read={async (asked, signal) => {
          const { blobs, next_cursor } = await get('/api/v0/blob', { query: { ...asked }, signal })
          return { items: blobs, next: next_cursor }
        }}
        row={(blob) => <Row key={blob.name} of={blob} now={now} off={off} written={written} />}
      />
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
        <Expiry at={blob.expires_at} now={now} say={say} />
      </td>
      <td>
        <Drop name={blob.name} cost={cost(blob.name)} off={off} deed={drop} />
      </td>
    </tr>
  )
}
