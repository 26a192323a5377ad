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
  const { tab, record, pool } = page
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
        {tab.state === 'refused' && (
          <div class="wrap">
            <Rejected {...page} />
          </div>
        )}
        {!isReady && (
          <div class="wrap two">
            <div>
              <Shards {...page} />
              <Speed {...page} />
              <Counts {...page} />
              {tab.state !== 'refused' && <Rejected {...page} />}
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
        )}
        {isReady && (
          <div class="wrap">
            <Facts {...page} />
            <Promises />
            {record && (
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
        )}
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
