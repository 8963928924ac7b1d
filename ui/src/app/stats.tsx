// Statistics: each as a chart with its table, for one region or all; what is too small to show is said to be.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { narrow, session } from './state'
import { t, word, type Label } from '../i18n'
import { Empty, Waiting } from '../kit/state'
import { stamp } from '../kit/value'

type Cell = (string | number | boolean | null)[]
interface Dim { name: string; type: string; label: Label; values: Record<string, Label> }
interface Stat { code: string; module: string; collection: string; label: Label; dims: Dim[]; cells: Cell[] }
interface Answer { items: Stat[]; regions: { region: string; name: string; as_of: number }[]; min: number; live: boolean }

/** How a value of a dimension reads. */
function said(dim: Dim, value: string | number | boolean | null): string {
  if (value === '' || value === null) return t('not_said')
  if (dim.name === 'age5') return `${value}–${Number(value) + 4}`
  if (dim.type === 'bool') return t(value === true || value === 'true' ? 'yes' : 'no')
  return word(dim.values[String(value)], String(value))
}

const count = (c: Cell) => c[c.length - 1] as number | null

/** Sums over all but one dimension; a sum with a hidden part is a lower bound. */
function by(stat: Stat, dim: number): { key: string; n: number; least: boolean }[] {
  const out: { key: string; n: number; least: boolean; order: number }[] = []
  for (const c of stat.cells) {
    const key = said(stat.dims[dim], c[dim])
    let o = out.find(x => x.key === key)
    if (!o) out.push(o = { key, n: 0, least: false, order: typeof c[dim] === 'number' ? c[dim] as number : 1e9 })
    const n = count(c)
    if (n === null) o.least = true
    else o.n += n
  }
  return out.sort((a, b) => a.order - b.order || b.n - a.n)
}

const isPyramid = (s: Stat) => s.dims.some(d => d.name === 'age5') && s.dims.some(d => d.name === 'sex')

const ROW = 28

function Bars({ stat }: { stat: Stat }) {
  const rows = by(stat, 0).slice(0, 20)
  const most = Math.max(1, ...rows.map(r => r.n))
  const W = narrow.value ? 320 : 480
  const at = Math.round(W * 0.32)
  const room = W - at - 70
  return <svg class="chart" viewBox={`0 0 ${W} ${rows.length * ROW + 4}`} role="img" aria-label={word(stat.label)}>
    {rows.map((r, i) => <g key={r.key}>
      <text x={at - 8} y={i * ROW + 19} text-anchor="end">{r.key.slice(0, narrow.value ? 7 : 11)}</text>
      <rect x={at} y={i * ROW + 4} width={Math.max(1, r.n / most * room)} height={ROW - 8} rx="3" />
      <text x={at + 6 + r.n / most * room} y={i * ROW + 19}>{r.least ? '≥ ' : ''}{r.n}</text>
    </g>)}
  </svg>
}

/** Men left and hatched, women right: not by colour alone. */
function Pyramid({ stat }: { stat: Stat }) {
  const sex = stat.dims.findIndex(d => d.name === 'sex')
  const age = stat.dims.findIndex(d => d.name === 'age5')
  const groups = Array.from({ length: 20 }, (_, i) => i * 5)
  const sum = (s: string, a: number) => stat.cells.filter(c => String(c[sex]) === s && (a < 95 ? c[age] === a : Number(c[age]) >= a && c[age] !== ''))
    .reduce((n, c) => n + (count(c) || 0), 0)
  const rows = groups.map(a => ({ a, m: sum('1', a), f: sum('2', a) }))
  const most = Math.max(1, ...rows.map(r => Math.max(r.m, r.f)))
  const H = 18
  const W = narrow.value ? 320 : 480
  const mid = W / 2
  const room = mid - 66
  return <svg class="chart" viewBox={`0 0 ${W} ${20 * H + 30}`} role="img" aria-label={t('pyramid')}>
    <defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" class="hatch" /></pattern></defs>
    <text x={mid / 2} y="14" text-anchor="middle">{t('men')}</text><text x={W - mid / 2} y="14" text-anchor="middle">{t('women')}</text>
    {rows.map((r, i) => { const y = 24 + (19 - i) * H; return <g key={r.a}>
      <rect class="hatched" x={mid - 30 - r.m / most * room} y={y} width={r.m / most * room} height={H - 4} />
      <rect x={mid + 30} y={y} width={r.f / most * room} height={H - 4} />
      <text x={mid} y={y + 12} text-anchor="middle">{r.a < 95 ? `${r.a}–${r.a + 4}` : '95+'}</text>
      <text x={mid - 34 - r.m / most * room} y={y + 12} text-anchor="end">{r.m || ''}</text>
      <text x={mid + 34 + r.f / most * room} y={y + 12}>{r.f || ''}</text>
    </g> })}
  </svg>
}

function Table({ stat, min }: { stat: Stat; min: number }) {
  return <details><summary>{t('as_table')}</summary>
    <div class="scroll" tabIndex={0}><table><thead><tr>{stat.dims.map(d => <th key={d.name} scope="col">{word(d.label)}</th>)}<th scope="col">{t('number')}</th></tr></thead>
      <tbody>{stat.cells.map((c, i) => <tr key={i}>{stat.dims.map((d, k) => <td key={d.name}>{said(d, c[k])}</td>)}
        <td>{count(c) === null ? t('too_few', { n: min }) : count(c)}</td></tr>)}</tbody></table></div></details>
}

export function Stats() {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [region, setRegion] = useState(() => new URLSearchParams(location.search).get('region') || '')
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Answer>('GET', '/stats' + (region ? '?region=' + region : '')).then(a => on && setAnswer(a), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [region])
  if (!answer) return wrong ? <p class="error" role="alert">{wrong}</p> : <p role="status">{t('loading')}</p>
  const shown = answer.items.filter(s => s.cells.length > 0)
  const of = answer.regions.find(r => r.region === region)
  return <>
    <h1>{t('stats')}</h1>
    {!answer.live && <div class="row"><label class="grow">{t('region')}<select value={region} onChange={e => setRegion(e.currentTarget.value)}>
      <option value="">{t('all_regions', { n: answer.regions.length })}</option>
      {answer.regions.map(r => <option key={r.region} value={r.region}>{r.name}</option>)}</select></label></div>}
    <p class="quiet">{answer.live ? t('counted_now') : of ? t('as_of', { when: stamp(of.as_of) }) : t('summed')}</p>
    {shown.length === 0 && <p>{t('empty')}</p>}
    <div class="cards cards-start">{shown.map(s => <section class="card" key={s.code}>
      <h2>{word(s.label, s.code)} <span class="count">{s.cells.some(c => count(c) === null) ? '≥ ' : ''}{s.cells.reduce((n, c) => n + (count(c) || 0), 0)}</span></h2>
      {isPyramid(s) ? <Pyramid stat={s} /> : <Bars stat={s} />}
      <Table stat={s} min={answer.min} />
    </section>)}</div>
    <div class="row"><button type="button" onClick={() => window.print()}>{t('print')}</button></div>
    <p class="quiet">{session.value ? session.value.node.name : ''} {stamp(Date.now())}</p>
  </>
}

/** One statistic for a first screen, all regions together. */
export function One({ code, title }: { code: string; title: string }) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Answer>('GET', '/stats').then(a => on && setAnswer(a), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [])
  const stat = answer && answer.items.find(s => s.code === code)
  return <><h2>{title || (stat && word(stat.label))}</h2>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!answer && !wrong && <Waiting />}
    {answer && (!stat || stat.cells.length === 0) && <Empty />}
    {answer && stat && stat.cells.length > 0 && <>{isPyramid(stat) ? <Pyramid stat={stat} /> : <Bars stat={stat} />}<Table stat={stat} min={answer.min} /></>}</>
}
