// Says that the server is being asked, once it takes so long that one wonders.
import { useEffect, useState } from 'preact/hooks'
import { whenAsking } from '../api.ts'
import { words } from '../words.ts'

const PATIENCE_MS = 400

export function Asking() {
  const [isSaid, setSaid] = useState(false)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    whenAsking((isAsking) => {
      clearTimeout(timer)
      if (isAsking) timer = setTimeout(() => setSaid(true), PATIENCE_MS)
      else setSaid(false)
    })
    return () => clearTimeout(timer)
  }, [])
  return (
    <p class="asking" aria-live="polite">
      {isSaid && words.loading}
    </p>
  )
}
