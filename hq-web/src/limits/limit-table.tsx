// The limits of a project by what they are about, each with its value and, where it fills up, what is used of it.
import { Share } from '../billing/usage.tsx'
import { Said } from '../parts/glyph.tsx'
import { Heads } from '../parts/heads.tsx'
import { limitWords as say } from '../words/limits.ts'
import { GROUPS, usedOf, valueText, type LimitName, type LimitsAnswer } from './limits.ts'

export const LimitTables = ({ answer }: { answer: LimitsAnswer }) => (
  <>
    {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => (
      <section key={group} class="bill">
        <h2>{say.groups[group]}</h2>
        <table class="stack limits">
          <caption class="sr">{say.groups[group]}</caption>
          <Heads of={say.heads} right={['used', 'most']} />
          <tbody>
            {GROUPS[group].map((name) => (
              <Row key={name} name={name} answer={answer} />
            ))}
          </tbody>
        </table>
      </section>
    ))}
  </>
)

function Row({ name, answer }: { name: LimitName; answer: LimitsAnswer }) {
  const used = usedOf(answer, name)
  const most = answer.limits[name]
  const note = say.notes[name]
  return (
    <tr>
      <th scope="row">
        {say.names[name]} <code>{name}</code>
        {note !== undefined && <span class="cap note">{note}</span>}
      </th>
      <td data-head={say.heads.used} class="r">
        {used === null ? '' : valueText(name, used)}
      </td>
      <td data-head={say.heads.most} class="r">
        {valueText(name, most)}
      </td>
      <td class="share">
        {used !== null && typeof most === 'number' && <Share of={most === 0 ? 1 : used / most} />}
        {used !== null && typeof most === 'number' && used >= most && (
          <Said glyph="failed" tone="bad">
            {say.full}
          </Said>
        )}
      </td>
    </tr>
  )
}
