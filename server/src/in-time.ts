// Waiting for what may never come: a database or a network that says nothing more must not hold up whoever waits for it.

/** What `work` gives, or `late` once it has taken so long; what becomes of it then is nobody's any more. */
export async function inTime<T>(ms: number, work: Promise<T>): Promise<T | 'late'> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, ms, 'late')))
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined)
  }
}
