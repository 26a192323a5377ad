// What became of it all: shards that were rejected with both answers side by side, the jobs that the others went into, and
// the key that it is counted by.
import { ENGINE_LABELS } from '@forge/shared/agent/engine-host.ts'
import type { AgentRecordView } from '@forge/shared/contract/agent-record.ts'
import { useRef } from 'preact/hooks'
import { kindName, KEY, REJECTED, TOOK } from '../text.ts'
import type { PageProps } from './page-props.ts'
import { Button, DigestText, Icon, Section } from './parts.tsx'

/** The others are in the count. */
const SHOWN = 3

export function Rejected({ record }: PageProps) {
  if (record === undefined || record.rejections.length === 0) return null
  return (
    <Section id="rejected" head={REJECTED.head(record.rejected)}>
      {record.quarantine && <p class="soft">{record.quarantine.reason}</p>}
      <p class="soft">{REJECTED.note}</p>
      {record.rejections.slice(0, SHOWN).map((one) => (
        <Rejection key={`${one.job_id} ${one.shard}`} {...one} />
      ))}
    </Section>
  )
}

function Rejection({ shard, job_id, engine, digest, accepted, reason }: AgentRecordView['rejections'][number]) {
  const same = accepted === digest
  return (
    <div class="rejection">
      <h3>{REJECTED.shard(shard, job_id)}</h3>
      <div class="rej">
        <figure class={same ? 'is-void' : 'is-bad'}>
          <figcaption>
            <Icon glyph="failed" />
            {REJECTED.yours(ENGINE_LABELS[engine])}
          </figcaption>
          <DigestText digest={digest} />
          <p>{reason}</p>
        </figure>
        {accepted && (
          <p class="neq" role="img" aria-label={same ? REJECTED.same : REJECTED.differs}>
            {same ? '=' : '≠'}
          </p>
        )}
        <figure class="is-ok">
          <figcaption>
            <Icon glyph={accepted ? 'completed' : 'queued'} />
            {accepted ? REJECTED.accepted : REJECTED.undecided}
          </figcaption>
          {accepted && <DigestText digest={accepted} />}
          {same && <p>{REJECTED.sameNote}</p>}
        </figure>
      </div>
    </div>
  )
}

export function Took({ record }: PageProps) {
  const receipts = record?.receipts ?? []
  return (
    <Section id="took" head={TOOK.head}>
      {receipts.length === 0 && <p class="cap">{TOOK.none}</p>}
      <ul class="took">
        {receipts.map(({ job_id, op, shards, of, finished_at, receipt }) => (
          <li key={job_id}>
            <b>{kindName(op)}</b>
            <time class="cap" dateTime={finished_at} title={finished_at}>
              {new Date(finished_at).toLocaleDateString([], { day: 'numeric', month: 'short' })}
            </time>
            <span class="cap">
              <span class="mono">{job_id}</span>, {TOOK.yours(shards, of)}
            </span>
            {receipt ? (
              <details>
                <summary>{TOOK.receipt}</summary>
                <DigestText digest={receipt} />
              </details>
            ) : (
              <span class="cap">{TOOK.unsigned}</span>
            )}
          </li>
        ))}
      </ul>
      {receipts.length > 0 && <p class="cap">{TOOK.note}</p>}
    </Section>
  )
}

export function Key({ tab, acts, keyNotice }: PageProps) {
  const input = useRef<HTMLInputElement>(null)
  const idle = !tab.started && !tab.running
  return (
    <Section id="key" head={KEY.head} aside={KEY.aside}>
      <p class="cap">{KEY.note}</p>
      <div class="acts">
        <Button enabled small act={acts.exportKey}>
          {KEY.export}
        </Button>
        <Button enabled={idle} small act={() => input.current?.click()} why="key-why">
          {KEY.import}
        </Button>
        <input
          class="sr"
          ref={input}
          type="file"
          accept="application/json,.json"
          tabIndex={-1}
          aria-label={KEY.file}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? []
            if (file && idle) acts.importKey(file)
            currentTarget.value = ''
          }}
        />
      </div>
      <p class="cap" id="key-why" role="status">
        {[idle ? '' : KEY.busy, keyNotice].join(' ').trim()}
      </p>
    </Section>
  )
}
