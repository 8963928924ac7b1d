// How many have read what is published: here, and in the places below.
import type { PanelProps } from '..'
import { w } from '../../i18n/publish'
import { stamp } from '../../kit/value'

interface Below { region: string; name: string; readers: number; as_of: number }
interface Counted { readers?: number; reading?: { total: number; below: Below[] } }

export function Reading({ rec }: PanelProps) {
  const { readers, reading } = rec as unknown as Counted
  if (readers === undefined && !reading) return null
  return <section class="card"><p>{readers !== undefined && w('readers', { n: readers })}{reading && ' · ' + w('below', { n: reading.total })}</p>
    {reading && reading.below.length > 0 && <details><summary>{w('by_place')}</summary><div class="scroll" tabIndex={0} role="region" aria-label={w('by_place')}><table>
      <thead><tr><th scope="col">{w('place')}</th><th scope="col" class="num">{w('number')}</th><th scope="col">{w('as_of')}</th></tr></thead>
      <tbody>{reading.below.map(b => <tr key={b.region}><td>{b.name}</td><td class="num">{b.readers}</td><td>{stamp(b.as_of)}</td></tr>)}</tbody></table></div></details>}
  </section>
}
