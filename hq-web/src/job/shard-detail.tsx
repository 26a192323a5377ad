// The chosen shard: where it stands, its units, its digest, and every answer to it.
import { addressOf } from '../api.ts'
import { Said, type GlyphName, type Tone } from '../parts/glyph.tsx'
import { Copy } from '../parts/copy.tsx'
import { words } from '../words.ts'
import { Digest } from '../parts/digest.tsx'
import { lookOf, rangeOf, settledDigest, type Attempt, type Fill, type Shard } from './shards.ts'

const SAID: Readonly<Record<Fill, readonly [GlyphName, Tone]>> = {
  waiting: ['queued', 'void'],
  running: ['running', 'now'],
  toCheck: ['verifying', 'check'],
  disputed: ['failed', 'bad'],
  accepted: ['completed', 'ok'],
  checked: ['completed', 'ok'],
  answered: ['cancelled', 'void'],
  void: ['cancelled', 'void'],
}

interface DetailProps {
  readonly id: string
  readonly shard: Shard
  readonly units: string
  readonly isSealed: boolean
}

export function ShardDetail({ id, shard, units, isSealed }: DetailProps) {
  const { name, selected, verdict, digest, attempts, noAttempts, noAttemptsEver, proof, proofNote, say, pass } =
    words.job.dispatch
  const { fill, wasVoid } = lookOf(shard)
  const [glyph, tone] = SAID[fill]
  const proofAddress = addressOf('/api/v0/jobs/{id}/shards/{n}/proof', { params: { id, n: shard.shard } })
  return (
    <div>
      <h3>
        {name(shard.shard)} <span>{selected}</span>
      </h3>
      <dl class="kv">
        <dt>{verdict}</dt>
        <dd>
          <Said glyph={glyph} tone={tone}>
            {say[fill] + (wasVoid ? say.wasVoid : '')}
          </Said>
        </dd>
        <dt>{capital(units)}</dt>
        <dd>{rangeOf(shard)}</dd>
        {shard.pass > 0 && (
          <>
            <dt>{pass}</dt>
            <dd>{shard.pass + 1}</dd>
          </>
        )}
        <dt>{digest}</dt>
        <dd>
          <Settled shard={shard} />
        </dd>
      </dl>
      <h4>{attempts}</h4>
      {shard.attempts.length === 0 ? (
        <p class="cap">{shard.verdict === 'unsettled' ? noAttemptsEver : noAttempts}</p>
      ) : null}
      <ol>
        {shard.attempts.map((attempt, n) => (
          <li class="att" key={`${attempt.agent} ${attempt.role}`}>
            <b>{n + 1}</b>
            <AttemptText attempt={attempt} />
            <Outcome attempt={attempt} accepted={settledDigest(shard)} isLeft={shard.verdict === 'unsettled'} />
          </li>
        ))}
      </ol>
      {isSealed && shard.digest !== null && (
        <p class="after">
          <a href={proofAddress}>{proof}</a> <span class="cap">{proofNote}</span>
        </p>
      )}
    </div>
  )
}

/** What it was settled on, or that it is not yet, or never was. */
function Settled({ shard }: { shard: Shard }) {
  const { digest, noDigest, noDigestEver } = words.job.dispatch
  const settled = settledDigest(shard)
  if (settled === null) return <>{shard.verdict === 'unsettled' ? noDigestEver : noDigest}</>
  return (
    <>
      <Digest of={settled} /> <Copy text={settled} what={digest} />
    </>
  )
}

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

function AttemptText({ attempt: { agent, engine, role, trusted, digest } }: { attempt: Attempt }) {
  const { engines, role: roles, trusted: trustedWord } = words.job.dispatch
  return (
    <span>
      <span class="mono">{agent}</span>
      <span class="cap">
        {engines[engine] ?? engine}, {roles[role]}
        {trusted && `, ${trustedWord}`}, <span class="mono">{digest.slice(0, 8)}…</span>
      </span>
    </span>
  )
}

interface OutcomeProps {
  readonly attempt: Attempt
  readonly accepted: string | null
  /** The job ended before anything was decided about it. */
  readonly isLeft: boolean
}

function Outcome({ attempt, accepted, isLeft }: OutcomeProps) {
  const { outcome } = words.job.dispatch
  if (attempt.void)
    return (
      <Said glyph="cancelled" tone="void">
        {outcome.void}
      </Said>
    )
  if (isLeft)
    return (
      <Said glyph="cancelled" tone="void">
        {outcome.left}
      </Said>
    )
  if (accepted === null)
    return (
      <Said glyph="verifying" tone="check">
        {outcome.waits}
      </Said>
    )
  if (attempt.digest === accepted)
    return (
      <Said glyph="completed" tone="ok">
        {outcome.accepted}
      </Said>
    )
  return (
    <Said glyph="failed" tone="bad">
      {outcome.differs}
    </Said>
  )
}
