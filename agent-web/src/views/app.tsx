// The page as a whole: what stands where, in each state.
import { FOOT } from '../text.ts'
import { Agent, Tests } from './agent.tsx'
import { Facts, Picture, Promises } from './before.tsx'
import { Control } from './control.tsx'
import { Head } from './head.tsx'
import type { PageProps } from './page-props.ts'
import { Key, Rejected, Took } from './record.tsx'
import { Counts, Hour, Shards, Speed } from './work.tsx'

export function App(page: PageProps) {
  const { tab, pool } = page
  const isReady = tab.state === 'ready'
  return (
    <>
      <header class="wrap top">
        <a class="mark" href="/">
          <svg aria-hidden="true">
            <use href="#logo" />
          </svg>
          Forge Pool
        </a>
      </header>
      <main>
        <div class="wrap intro">
          <Head {...page} />
          {isReady && <Picture />}
        </div>
        {isReady ? <Before {...page} /> : <Panel {...page} />}
      </main>
      <footer class="foot">
        <div class="wrap">
          <span>{FOOT.says}</span>
          {pool && <span>{FOOT.agents(pool.agents_online)}</span>}
        </div>
      </footer>
    </>
  )
}

/** Whoever was here before sees what came of it. */
const Before = (page: PageProps) => (
  <div class="wrap">
    <Facts {...page} />
    <Promises />
    {page.record && (
      <div class="two">
        <div>
          <Counts {...page} />
          <Rejected {...page} />
        </div>
        <div>
          <Took {...page} />
          <Key {...page} />
        </div>
      </div>
    )}
  </div>
)

/** Where the pool refused this agent, the answers that it did not accept come first. */
function Panel(page: PageProps) {
  const isRefused = page.tab.state === 'refused'
  return (
    <div class="wrap two">
      <div>
        {isRefused && <Rejected {...page} />}
        <Shards {...page} />
        <Speed {...page} />
        <Counts {...page} />
        {!isRefused && <Rejected {...page} />}
      </div>
      <div class="beside">
        <Control {...page} />
        <Tests {...page} />
        <Agent {...page} />
        <Key {...page} />
      </div>
      <div>
        <Hour {...page} />
        <Took {...page} />
      </div>
    </div>
  )
}
