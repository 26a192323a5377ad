// Uploading a file as a blob: over one that has its name only where a person says so.
import { useId, useState } from 'preact/hooks'
import { upload } from '../api.ts'
import { MakeForm } from '../parts/make-form.tsx'
import { TextField } from '../parts/text-field.tsx'
import { useAct } from '../parts/use-act.ts'
import { memoryWords as say } from '../words/memory.ts'
import type { PartProps } from './kv.tsx'
import { TtlField } from './ttl-field.tsx'
import { ttlOf } from './ttl.ts'

/** What is chosen and typed, why it cannot be sent, and what became of it. */
function useUpload({ off, written }: PartProps) {
  const [file, setFile] = useState<File | null>(null)
  const [name, setName] = useState('')
  const [ttl, setTtl] = useState('')
  const [replace, setReplace] = useState(false)
  const [sent, setSent] = useState<string | null>(null)
  const { busy, problem, attempt, faultOf } = useAct()
  const { blob: own } = say
  const seconds = ttlOf(ttl)
  const called = name === '' ? (file?.name ?? '') : name
  const why = off ?? (busy ? say.busy : file === null ? own.noFile : seconds === null ? say.badTtl : undefined)
  const submit = (): void => {
    if (file === null) return
    setSent(null)
    void attempt(async () => {
      const { blob } = await upload('/api/v0/blob/{name}', file, {
        params: { name: called },
        query: { ttl_seconds: seconds ?? undefined },
        headers: replace ? {} : { 'If-None-Match': '*' },
      })
      setSent(own.sent(blob.name, blob.bytes, blob.sha256))
      written()
    })
  }
  return { setFile, called, setName, ttl, setTtl, replace, setReplace, sent, why, submit, problem, faultOf }
}

export function UploadBlob(props: PartProps) {
  const { blob: own } = say
  const { called, setName, ttl, setTtl, replace, setReplace, ...form } = useUpload(props)
  const { setFile, sent, why, submit, problem, faultOf } = form
  const isTaken = problem?.code === 'PRECONDITION_FAILED'
  return (
    <MakeForm
      title={own.upload}
      act={own.send}
      off={why}
      problem={problem}
      instead={
        isTaken ? (
          <p class="problem" role="alert">
            {own.taken(called, own.replace)}
          </p>
        ) : undefined
      }
      submit={submit}
    >
      <div class="fields">
        <FileField choose={setFile} />
        <TextField label={own.name} value={called} help={own.nameHelp} fault={faultOf('name')} change={setName} />
        <TtlField value={ttl} fault={faultOf('query.ttl_seconds')} change={setTtl} />
        <label class="field tick">
          <input type="checkbox" checked={replace} onChange={(event) => setReplace(event.currentTarget.checked)} />
          {own.replace}
        </label>
      </div>
      <p class="cap sent" role="status">
        {sent ?? props.off ?? ''}
      </p>
    </MakeForm>
  )
}

function FileField({ choose }: { choose: (file: File | null) => void }) {
  const { file, fileHelp } = say.blob
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{file}</label>
      <input
        id={id}
        type="file"
        aria-describedby={`${id}-help`}
        onChange={(event) => choose(event.currentTarget.files?.[0] ?? null)}
      />
      <p class="cap" id={`${id}-help`}>
        {fileHelp}
      </p>
    </div>
  )
}
