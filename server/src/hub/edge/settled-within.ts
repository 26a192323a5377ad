// Waiting for what has begun, and not for ever: whoever stops must not hang on what no longer answers.

/** Whether all of them settled in time. */
export async function settledWithin(works: Iterable<Promise<unknown>>, limitMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, limitMs, false)))
  const settled = Promise.allSettled(works).then(() => true)
  return Promise.race([settled, late]).finally(() => clearTimeout(timer))
}
