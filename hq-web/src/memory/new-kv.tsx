// Writing a new value: never over one that is there.
import { put } from '../api.ts'
import { useDraft } from '../draft.ts'
import { jsonOf } from '../form/typed-json.ts'
import { MakeForm } from '../parts/make-form.tsx'
import { OldDraft } from '../parts/old-draft.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { Link, navigate } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { JsonField } from './json-field.tsx'
import type { PartProps } from './kv.tsx'
import { memoryAddress } from './prefix-form.tsx'
import { TtlField } from './ttl-field.tsx'
import { ttlOf } from './ttl.ts'

const EMPTY = { space: '', key: '', text: '', ttl: '' }

interface NewKvProps extends PartProps {
  /** The one that is shown; null where it is typed as well. */
  readonly namespace: string | null
}

/** What is typed, and why it cannot be written. */
function useNewKv({ namespace, off, written }: NewKvProps) {
  const draft = useDraft('kv', () => EMPTY)
  const { space, key, text, ttl } = draft.typed
  const { busy, problem, attempt, faultOf } = useAct()
  const read = jsonOf(text)
  const seconds = ttlOf(ttl)
  const into = namespace ?? space.trim()
  const fault = text !== '' && 'fault' in read ? read.fault : undefined
  const why =
    off ??
    (busy
      ? say.busy
      : into === '' || key === ''
        ? say.kv.unnamed
        : 'fault' in read
          ? (fault ?? say.kv.noValue)
          : seconds === null
            ? say.badTtl
            : undefined)
  const submit = (): void => {
    if ('fault' in read) return
    const { value } = read
    void attempt(async () => {
      const sent = { params: { namespace: into, key }, headers: { 'If-None-Match': '*' } }
      await put('/api/v0/kv/{namespace}/{key}', { value, ...(seconds ? { ttl_seconds: seconds } : {}) }, sent)
      draft.clear()
      written()
      navigate(memoryAddress({ kind: 'kv', namespace: into }))
    })
  }
  return { draft, into, fault, why, submit, problem, faultOf }
}

export function NewKv(props: NewKvProps) {
  const { namespace, off } = props
  const { draft, into, fault, why, submit, problem, faultOf } = useNewKv(props)
  const { typed, edit } = draft
  return (
    <MakeForm
      title={say.kv.write}
      act={say.kv.writeNew}
      off={why}
      note={off ?? say.kv.newOnly}
      problem={problem}
      instead={problem?.code === 'PRECONDITION_FAILED' ? <Taken namespace={into} name={typed.key} /> : undefined}
      submit={submit}
    >
      <OldDraft of={draft} />
      <div class="fields">
        {namespace === null && (
          <TextField
            label={say.kv.namespace}
            value={typed.space}
            help={say.kv.namespaceHelp}
            fault={faultOf('namespace')}
            change={(space) => edit({ space })}
          />
        )}
        <TextField
          label={say.kv.key}
          value={typed.key}
          help={say.kv.keyHelp}
          fault={faultOf('key')}
          change={(key) => edit({ key })}
        />
        <JsonField
          label={say.kv.value}
          value={typed.text}
          fault={fault ?? faultOf('value')}
          change={(text) => edit({ text })}
        />
        <TtlField value={typed.ttl} fault={faultOf('ttl_seconds')} change={(ttl) => edit({ ttl })} />
      </div>
    </MakeForm>
  )
}

const Taken = ({ namespace, name }: { namespace: string; name: string }) => (
  <p class="problem" role="alert">
    {say.kv.taken(name)} <Link to={memoryAddress({ kind: 'kv', namespace, key: name })}>{say.kv.takenLink}</Link>
  </p>
)
