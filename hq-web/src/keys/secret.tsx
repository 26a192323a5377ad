// The secret of a key that was just made. It is in this component's props alone: a reload or another view, and it is gone.
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { Copy } from '../parts/copy.tsx'
import { words } from '../words.ts'
import type { Made } from './new-key.tsx'

export function Secret({ made: { key, secret }, stored }: { made: Made; stored: () => void }) {
  const say = words.keys
  const head = useRef<HTMLHeadingElement>(null)
  // Who made it by keyboard or hears the page is taken to what must not be missed.
  useEffect(() => head.current?.focus(), [key.id])
  return (
    <section class="secret" aria-label={say.secret}>
      <h2 ref={head} tabIndex={-1}>
        {say.madeTitle(key.name)}
      </h2>
      <p class="soft">{say.once}</p>
      <p class="line">
        <code>{secret}</code>
        <Copy text={secret} what={say.secret.toLowerCase()} />
      </p>
      <Button onPress={stored}>{say.stored}</Button>
    </section>
  )
}
