// One value of KV: read, changed and deleted as the version that was read, so that nobody's write is lost.
import { useEffect, useRef, useState } from 'preact/hooks'
import { get, put, remove, type Schema } from '../api.ts'
import { useDraft } from '../draft.ts'
import { useFocusOf } from '../focus.ts'
import { jsonOf } from '../form/typed-json.ts'
import { useLoad } from '../load.ts'
import { Age, useNow } from '../parts/age.tsx'
import { Button } from '../parts/button.tsx'
import { OldDraft } from '../parts/old-draft.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { useAct } from '../parts/use-act.ts'
import { navigate } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { Drop } from './drop.tsx'
import { JsonField } from './json-field.tsx'
import type { PartProps } from './kv.tsx'
import { memoryAddress } from './prefix-form.tsx'
import { TtlField } from './ttl-field.tsx'
import { ttlOf, ttlSent, ttlText } from './ttl.ts'

type Entry = Schema<'GetKvAnswer'>['entry']

interface KvEntryProps extends PartProps {
  readonly namespace: string
  readonly name: string
}

export function KvEntry(props: KvEntryProps) {
  const { namespace, name } = props
  const params = { namespace, key: name }
  const { data, problem, reload } = useLoad(
    (signal) => get('/api/v0/kv/{namespace}/{key}', { params, signal }),
    [namespace, name],
  )
  return (
    <section class="bill">
      <h2>{say.kv.entry(name)}</h2>
      {problem !== null && <ProblemNote problem={problem} again={reload} />}
      {data !== null && <Editor key={data.entry.version} {...props} entry={data.entry} reload={reload} />}
    </section>
  )
}

interface EditorProps extends KvEntryProps {
  readonly entry: Entry
  readonly reload: () => void
}

/** What is typed over the value, why it cannot be saved, and the two deeds. */
function useEditor({ namespace, name, entry, off, written, reload }: EditorProps, now: number) {
  const first = JSON.stringify(entry.value, null, 2)
  const [firstTtl] = useState(() => ttlText(entry.expires_at, now))
  const draft = useDraft(`kv ${namespace} ${name}`, () => ({
    text: first,
    ttl: null as string | null,
    /** The version that it was typed over. */
    over: entry.version,
  }))
  const { text, over } = draft.typed
  // What is left of the time changes by itself, and is no draft.
  const ttl = draft.typed.ttl ?? firstTtl
  const { busy, problem, attempt } = useAct()
  useEffect(() => {
    // What somebody else wrote comes beside what was typed.
    if (problem?.code === 'PRECONDITION_FAILED') reload()
  }, [problem])
  const read = jsonOf(text)
  const seconds = ttlOf(ttl)
  const fault = 'fault' in read ? read.fault : undefined
  const isSame = text === first && ttl === firstTtl
  const why = off ?? (busy ? say.busy : (fault ?? (seconds === null ? say.badTtl : isSame ? say.kv.same : undefined)))
  const sent = { params: { namespace, key: name }, headers: { 'If-Match': `"${entry.version}"` } }
  const save = (): void => {
    if (why !== undefined || 'fault' in read) return
    const { value } = read
    void attempt(async () => {
      await put('/api/v0/kv/{namespace}/{key}', { value, ...ttlSent(seconds ?? undefined, ttl, firstTtl) }, sent)
      draft.clear()
      written()
      reload()
    })
  }
  const drop = async (): Promise<void> => {
    await remove('/api/v0/kv/{namespace}/{key}', sent)
    draft.clear()
    written()
    navigate(memoryAddress({ kind: 'kv', namespace }))
  }
  return { draft, text, ttl, fault, why, save, drop, problem, isBehind: over !== entry.version }
}

function Editor(props: EditorProps) {
  const { name, entry, off } = props
  const now = useNow()
  const { draft, text, ttl, fault, why, save, drop, problem, isBehind } = useEditor(props, now)
  return (
    <form
      class="fields"
      aria-label={say.kv.entry(name)}
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      {isBehind && <Newer entry={entry} take={draft.clear} />}
      {draft.isOld && !isBehind && (
        <div class="wide">
          <OldDraft of={draft} />
        </div>
      )}
      <p class="cap wide">
        {say.kv.version(entry.version, '')}
        <Age at={entry.updated_at} now={now} say={say.ago} />
      </p>
      <JsonField label={say.kv.value} value={text} fault={fault} change={(typed) => draft.edit({ text: typed })} />
      <TtlField value={ttl} help={say.ttlKept} change={(typed) => draft.edit({ ttl: typed })} />
      <div class="wide acts">
        <Button off={why} onPress={save}>
          {say.kv.save}
        </Button>
        <Drop name={name} off={off} cost={say.kv.cost(name, entry.version)} deed={drop} />
      </div>
      <p class="cap wide">{off ?? say.kv.ifMatch}</p>
      {problem !== null && (
        <div class="wide">
          <ProblemNote problem={problem} />
        </div>
      )}
    </form>
  )
}

/** What is there now, beside what was typed over an older version of it. */
function Newer({ entry: { version, value }, take }: { entry: Entry; take: () => void }) {
  const { newer, newerValue, take: act } = say.kv
  const box = useRef<HTMLDivElement>(null)
  useFocusOf(box, null)
  return (
    <div class="wide newer" ref={box}>
      <p role="alert">{newer(version)}</p>
      <pre tabIndex={0} role="region" aria-label={newerValue(version)}>
        <code>{JSON.stringify(value, null, 2)}</code>
      </pre>
      <p class="acts">
        <Button small onPress={take}>
          {act(version)}
        </Button>
      </p>
    </div>
  )
}
