// Writing a new value: never over one that is there.
import { useState } from 'preact/hooks'
import { put } from '../api.ts'
import { jsonOf } from '../form/typed-json.ts'
import { Button } from '../parts/button.tsx'
import { ProblemNote } from '../parts/problem.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { navigate } from '../router.tsx'
import { memoryWords as say } from '../words/memory.ts'
import { JsonField } from './json-field.tsx'
import type { PartProps } from './kv.tsx'
import { memoryAddress } from './prefix-form.tsx'
import { ttlOf } from './ttl.ts'

const EMPTY = { key: '', text: '', ttl: '' }

interface NewKvProps extends PartProps {
  /** The one that is shown; null where it is typed as well. */
  readonly namespace: string | null
}

/** What is typed, and why it cannot be written. */
function useNewKv({ namespace, off, written }: NewKvProps) {
  const [space, setSpace] = useState('')
  const [typed, setTyped] = useState(EMPTY)
  const { busy, problem, attempt, faultOf } = useAct()
  const edit = (changes: Partial<typeof EMPTY>): void => setTyped((before) => ({ ...before, ...changes }))
  const read = jsonOf(typed.text)
  const seconds = ttlOf(typed.ttl)
  const into = namespace ?? space.trim()
  const fault = typed.text !== '' && 'fault' in read ? read.fault : undefined
  const why =
    off ??
    (busy
      ? say.busy
      : into === '' || typed.key === ''
        ? say.kv.unnamed
        : 'fault' in read
          ? (fault ?? say.kv.noValue)
          : seconds === null
            ? say.badTtl
            : undefined)
  const submit = (): void => {
    if (why !== undefined || 'fault' in read) return
    const { value } = read
    void attempt(async () => {
      const sent = { params: { namespace: into, key: typed.key }, headers: { 'If-None-Match': '*' } }
      await put('/api/v0/kv/{namespace}/{key}', { value, ...(seconds ? { ttl_seconds: seconds } : {}) }, sent)
      setTyped(EMPTY)
      written()
      navigate(memoryAddress({ kind: 'kv', namespace: into }))
    })
  }
  return { space, setSpace, typed, edit, seconds, fault, why, submit, problem, faultOf }
}

export function NewKv(props: NewKvProps) {
  const { namespace, off } = props
  const { space, setSpace, typed, edit, seconds, fault, why, submit, problem, faultOf } = useNewKv(props)
  return (
    <form
      class="new-key"
      aria-label={say.kv.write}
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <h2>{say.kv.write}</h2>
      <div class="fields">
        {namespace === null && (
          <TextField
            label={say.kv.namespace}
            value={space}
            help={say.kv.namespaceHelp}
            fault={faultOf('namespace')}
            change={setSpace}
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
        <TextField
          label={say.ttl}
          value={typed.ttl}
          help={say.ttlHelp}
          fault={seconds === null ? say.badTtl : faultOf('ttl_seconds')}
          change={(ttl) => edit({ ttl })}
        />
      </div>
      <p class="acts">
        <Button main off={why} onPress={submit}>
          {say.kv.writeNew}
        </Button>
      </p>
      <p class="cap">{off ?? say.kv.newOnly}</p>
      {problem !== null && <ProblemNote problem={problem} />}
    </form>
  )
}
