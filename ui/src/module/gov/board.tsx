// M12: for each community (at the province: district) the five functions behind the one entry, last contact and overdue work.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { session } from '../../app/state'
import { t, word } from '../../i18n'
import { w } from '../../i18n/gov'
import { Empty, Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'

type Cell = (string | number | boolean | null)[]
interface Region { region: string; name: string; as_of: number; cells: Cell[] }
interface Answer { dims: { name: string }[]; regions: Region[] }
interface Node { region: string; last_contact_ms: number; overdue: number }
interface Row { region: string; name: string; as_of: number; sums: Record<string, Sum>; contact: number; overdue: number }
/** `least`: a part was too small to be told, so it is this much or more. */
interface Sum { n: number; least: boolean }

const ENDED = ['closed', 'refused', 'merged', 'withdrawn', 'joined', 'rated']
const CODES = ['news_by_section', 'notices_by_kind', 'tickets_by_state', 'tickets_done_on_time', 'applications_by_item', 'persons_by_kind', 'households_visited']

function sum(cells: Cell[], keep: (c: Cell) => boolean): Sum {
  let n = 0
  let least = false
  for (const c of cells.filter(keep)) {
    const v = c[c.length - 1]
    if (typeof v === 'number') n += v
    else least = true
  }
  return { n, least }
}
const yes = (c: Cell) => c[c.length - 2] === true || c[c.length - 2] === 'true'
const plus = (a: Sum, b: Sum): Sum => ({ n: a.n + b.n, least: a.least || b.least })
const shown = (s: Sum | undefined): string => (s ? (s.least ? '≥ ' : '') + s.n : '')

/** What a region's cells of one statistic come to. */
function read(code: string, dims: string[], cells: Cell[]): Record<string, Sum> {
  const state = dims.indexOf('state')
  const said = (c: Cell) => String(c[state])
  if (code === 'tickets_by_state') return { letters: sum(cells, () => true), open: sum(cells, c => ENDED.indexOf(said(c)) < 0) }
  if (code === 'tickets_done_on_time') return { judged: sum(cells, () => true), kept: sum(cells, yes) }
  if (code === 'households_visited') return { households: sum(cells, () => true), visited: sum(cells, yes) }
  if (code === 'applications_by_item') return { service: sum(cells, () => true) }
  if (code === 'persons_by_kind') return { base: sum(cells, () => true) }
  return { publish: sum(cells, c => state < 0 || said(c) === 'published') }
}

async function gather(by: string): Promise<Row[]> {
  const rows: Record<string, Row> = {}
  const [nodes, ...answers] = await Promise.all([
    call<{ items: Node[] }>('GET', '/nodes').then(n => n.items, () => [] as Node[]),
    ...CODES.map(c => call<Answer>('GET', `/stats/${c}?by=${by}`))
  ])
  answers.forEach((a, i) => a.regions.forEach(r => {
    const row = rows[r.region] || (rows[r.region] = { region: r.region, name: r.name, as_of: r.as_of, sums: {}, contact: 0, overdue: 0 })
    row.as_of = Math.min(row.as_of, r.as_of)
    const got = read(CODES[i], a.dims.map(d => d.name), r.cells)
    for (const k of Object.keys(got)) row.sums[k] = row.sums[k] ? plus(row.sums[k], got[k]) : got[k]
  }))
  for (const n of nodes) {
    const row = rows[by === 'district' ? n.region.slice(0, 6) + '000000' : n.region]
    if (!row) continue
    row.contact = Math.max(row.contact, n.last_contact_ms)
    row.overdue += n.overdue
  }
  return Object.keys(rows).map(k => rows[k]).sort((a, b) => b.overdue - a.overdue || (a.region < b.region ? -1 : 1))
}

function Share({ part, all }: { part: Sum | undefined; all: Sum | undefined }) {
  return <>{part && all && !all.least && all.n > 0 ? Math.round(part.n / all.n * 100) + ' %' : '–'}</>
}

export function Board() {
  const [rows, setRows] = useState<Row[] | null>(null)
  const [wrong, setWrong] = useState('')
  const by = session.value && session.value.node.role === 'province' ? 'district' : 'community'
  useEffect(() => {
    let on = true
    document.title = w('board')
    gather(by).then(r => on && setRows(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [by])
  if (wrong) return <p class="error" role="alert">{wrong}</p>
  if (!rows) return <Waiting />
  return <>
    <h1>{w('board')}</h1>
    <p class="quiet">{w('intro')}</p>
    {rows.length === 0 ? <Empty text={w('never')} /> : <div class="scroll" tabIndex={0} role="region" aria-label={w('board')}><table>
      <thead><tr><th scope="col">{w(by)}</th><th scope="col">{w('publish')}</th><th scope="col">{w('letters')}</th><th scope="col">{w('replies')}</th>
        <th scope="col">{w('service')}</th><th scope="col">{w('base')}</th><th scope="col">{w('visited')}</th><th scope="col">{w('overdue')}</th><th scope="col">{w('contact')}</th><th scope="col">{w('as_of')}</th></tr></thead>
      <tbody>{rows.map(r => <tr key={r.region}>
        <th scope="row"><a href={'/stats?region=' + r.region}>{r.name}</a></th>
        <td>{shown(r.sums.publish)}</td>
        <td>{shown(r.sums.letters)} {r.sums.open && r.sums.open.n > 0 && <span class="quiet">{w('open', { n: shown(r.sums.open) })}</span>}</td>
        <td><Share part={r.sums.kept} all={r.sums.judged} /></td>
        <td>{shown(r.sums.service)}</td>
        <td>{r.sums.base ? w('persons', { n: shown(r.sums.base) }) : ''}</td>
        <td><Share part={r.sums.visited} all={r.sums.households} /></td>
        <td>{r.overdue > 0 ? <span class="chip chip-bad">{r.overdue}</span> : 0}</td>
        <td>{r.contact ? stamp(r.contact) : w('never')}</td>
        <td>{stamp(r.as_of)}</td></tr>)}</tbody>
    </table></div>}
    <div class="row tools"><button type="button" onClick={() => window.print()}>{t('print')}</button></div>
  </>
}
