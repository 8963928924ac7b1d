// Charts as inline SVG, each with its table below; nothing is told by colour alone.
import { narrow } from '../app/state'
import { t, word, type Label } from '../i18n'
import { money } from './value'

export type Cell = (string | number | boolean | null)[]
export interface Dim { name: string; type: string; label: Label; values: Record<string, Label> }
export interface Stat { code: string; kind: string; module: string; collection: string; label: Label; dims: Dim[]; cells: Cell[]; medians?: Cell[]; unit?: string }
export const count = (c: Cell) => c[c.length - 1] as number | null
/** A sum of money reads as money. */
export const amount = (stat: { unit?: string } | undefined, n: number) => (stat && stat.unit === 'fen' ? money(n) : String(n))
const width = () => (narrow.value ? 320 : 480)
const TARGET = 90 // per cent on time, as the evaluation asks
const MOST_BARS = 16
const MONTHS = 12

/** How a value of a dimension reads. */
export function said(dim: Dim, value: string | number | boolean | null): string {
  if (value === '' || value === null) return t('not_said')
  if (dim.name === 'age5') return `${value}–${Number(value) + 4}`
  if (dim.type === 'hours') return value === 0 ? t('longer') : t('under_hours', { n: Number(value) })
  if (dim.type === 'bool') return t(value === true || value === 'true' ? 'yes' : 'no')
  return word(dim.values[String(value)], String(value))
}

interface Bar { key: string; n: number; least: boolean; order: number; raw: Cell[0] }
/** Sums over all but one dimension; a sum with a hidden part is a lower bound. */
function by(stat: Stat, dim: number): Bar[] {
  if (!stat.dims[dim]) return [{ key: word(stat.label), n: total(stat), least: stat.cells.some(c => count(c) === null), order: 0, raw: null }] // a plain count
  const out: Bar[] = []
  for (const c of stat.cells) {
    const key = said(stat.dims[dim], c[dim])
    let o = out.find(x => x.key === key)
    if (!o) out.push(o = { key, n: 0, least: false, order: typeof c[dim] === 'number' && !(stat.dims[dim].type === 'hours' && c[dim] === 0) ? c[dim] as number : 1e9, raw: c[dim] })
    const n = count(c)
    if (n === null) o.least = true
    else o.n += n
  }
  return out.sort((a, b) => a.order - b.order || b.n - a.n)
}

const ROW = 28
const BROAD = /[\u2e80-\uffef]/ // as wide as two letters
/** As much of it as stands in so many letters' room. */
function short(s: string, most = narrow.value ? 13 : 20): string {
  let room = most
  for (let i = 0; i < s.length; i++)
    if ((room -= BROAD.test(s[i]) ? 2 : 1) < 0) return s.slice(0, i - 1) + '…'
  return s
}
const LETTER = 7.2 // of 13 px, and of a digit

export function Bars({ label, rows, stat }: { label: string; rows: { key: string; n: number; least?: boolean }[]; stat?: Stat }) {
  const W = width()
  const at = Math.round(W * 0.32)
  const words = rows.map(r => (r.least ? '≥ ' : '') + amount(stat, r.n))
  const room = W - at - 12 - Math.max(8, ...words.map(s => s.length)) * LETTER
  const most = Math.max(1, ...rows.map(r => r.n))
  return <svg class="chart" viewBox={`0 0 ${W} ${rows.length * ROW + 4}`} role="img" aria-label={label}>
    {rows.map((r, i) => <g key={r.key}><title>{r.key} {amount(stat, r.n)}</title>
      <text x={at - 8} y={i * ROW + 19} text-anchor="end">{short(r.key)}</text>
      <rect x={at} y={i * ROW + 4} width={Math.max(1, r.n / most * room)} height={ROW - 8} rx="3" />
      <text x={at + 6 + r.n / most * room} y={i * ROW + 19}>{words[i]}</text></g>)}</svg>
}

/** Men left and hatched, women right. */
function Pyramid({ stat }: { stat: Stat }) {
  const sex = stat.dims.findIndex(d => d.name === 'sex')
  const age = stat.dims.findIndex(d => d.name === 'age5')
  const sum = (s: string, a: number) => stat.cells.filter(c => String(c[sex]) === s && (a < 95 ? c[age] === a : Number(c[age]) >= a && c[age] !== ''))
    .reduce((n, c) => n + (count(c) || 0), 0)
  const rows = Array.from({ length: 20 }, (_, i) => i * 5).map(a => ({ a, m: sum('1', a), f: sum('2', a) }))
  const most = Math.max(1, ...rows.map(r => Math.max(r.m, r.f)))
  const W = width()
  const mid = W / 2
  const room = mid - 66
  const H = 18
  return <svg class="chart" viewBox={`0 0 ${W} ${20 * H + 30}`} role="img" aria-label={t('pyramid')}>
    <defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" class="hatch" /></pattern></defs>
    <text x={mid / 2} y="14" text-anchor="middle">{t('men')}</text><text x={W - mid / 2} y="14" text-anchor="middle">{t('women')}</text>
    {rows.map((r, i) => { const y = 24 + (19 - i) * H; return <g key={r.a}>
      <rect class="hatched" x={mid - 30 - r.m / most * room} y={y} width={r.m / most * room} height={H - 4} />
      <rect x={mid + 30} y={y} width={r.f / most * room} height={H - 4} />
      <text x={mid} y={y + 12} text-anchor="middle">{r.a < 95 ? `${r.a}–${r.a + 4}` : '95+'}</text>
      <text x={mid - 34 - r.m / most * room} y={y + 12} text-anchor="end">{r.m || ''}</text>
      <text x={mid + 34 + r.f / most * room} y={y + 12}>{r.f || ''}</text></g> })}</svg>
}

/** The parts of yes and no of each group in a hundred, with the target where there is one. */
function Shares({ stat }: { stat: Stat }) {
  const flag = stat.dims.length - 1
  const groups = flag > 0 ? by(stat, 0) : [{ key: word(stat.label), raw: null as Cell[0] }]
  const rows = groups.slice(0, MOST_BARS).map(g => {
    const cells = stat.cells.filter(c => flag === 0 || c[0] === g.raw)
    const n = (yes: boolean) => cells.filter(c => (String(c[flag]) === 'true') === yes).reduce((s, c) => s + (count(c) || 0), 0)
    const all = n(true) + n(false)
    return { key: g.key, part: all === 0 ? 0 : Math.round(n(true) / all * 1000) / 10, yes: n(true), all }
  })
  const W = width()
  const at = Math.round(W * 0.32)
  const words = rows.map(r => `${r.part} % · ${r.yes}/${r.all}`)
  const room = W - at - 12 - Math.max(...words.map(s => s.length)) * LETTER
  const target = /on_time/.test(stat.code)
  return <svg class="chart" viewBox={`0 0 ${W} ${rows.length * ROW + (target ? 22 : 4)}`} role="img" aria-label={word(stat.label)}>
    {rows.map((r, i) => <g key={r.key}><title>{`${r.key} ${r.part} % / ${r.all}`}</title><text x={at - 8} y={i * ROW + 19} text-anchor="end">{short(r.key)}</text>
      <rect class="rest" x={at} y={i * ROW + 4} width={room} height={ROW - 8} rx="3" /><rect x={at} y={i * ROW + 4} width={Math.max(1, r.part / 100 * room)} height={ROW - 8} rx="3" />
      <text x={at + 6 + room} y={i * ROW + 19}>{words[i]}</text></g>)}
    {target && <><line class="target" x1={at + TARGET / 100 * room} x2={at + TARGET / 100 * room} y1="0" y2={rows.length * ROW + 4} /><text x={at + TARGET / 100 * room} y={rows.length * ROW + 18} text-anchor="middle">{t('target', { n: TARGET })}</text></>}</svg>
}

/** Columns side by side: months, hours, scores. */
function Columns({ stat, dim }: { stat: Stat; dim: number }) {
  const time = /^(month|week|day)$/.test(stat.dims[dim].name)
  const all = by(stat, dim).sort((a, b) => (time ? (String(a.raw) < String(b.raw) ? -1 : 1) : a.order - b.order))
  const cols = time ? all.slice(-MONTHS) : all.slice(0, MOST_BARS)
  const most = Math.max(1, ...cols.map(c => c.n))
  const W = width()
  const step = Math.min(64, (W - 16) / Math.max(1, cols.length))
  const H = 150
  const hours = stat.dims[dim].type === 'hours'
  const label = (c: Bar) => (time ? c.key.slice(cols.length > 6 ? 5 : 0) : hours && typeof c.raw === 'number' && c.raw > 0 ? `<${c.raw}` : short(c.key, Math.max(4, Math.floor(step / LETTER))))
  const every = time ? Math.ceil(Math.max(...cols.map(c => label(c).length), 1) * LETTER / step) : 1 // what would run into its neighbour is left out
  return <svg class="chart" viewBox={`0 0 ${W} ${H + 44}`} role="img" aria-label={word(stat.label)}>
    <line class="grid" x1="8" x2={W - 8} y1={H + 16} y2={H + 16} />
    {cols.map((c, i) => { const x = 8 + i * step; const h = c.n / most * H; return <g key={c.key}><title>{c.key} {c.n}</title>
      <rect x={x + step * 0.15} y={16 + H - h} width={step * 0.7} height={Math.max(1, h)} rx="2" />
      <text x={x + step / 2} y={12 + H - h} text-anchor="middle">{c.n}</text>
      {i % every === 0 && <text x={x + step / 2} y={H + 34} text-anchor="middle">{label(c)}</text>}</g> })}</svg>
}

/** The part of yes in a hundred, month by month, with the target. */
function Line({ stat }: { stat: Stat }) {
  const flag = stat.dims.length - 1
  const times = Array.from(new Set(stat.cells.map(c => String(c[0])))).sort().slice(-MONTHS)
  const points = times.map(m => {
    const n = (yes: boolean) => stat.cells.filter(c => String(c[0]) === m && (String(c[flag]) === 'true') === yes && c[flag] !== null && c[flag] !== '').reduce((s, c) => s + (count(c) || 0), 0)
    const all = n(true) + n(false)
    return { m, part: all === 0 ? null : Math.round(n(true) / all * 1000) / 10 }
  }).filter((p): p is { m: string; part: number } => p.part !== null)
  const W = width()
  const H = 150
  const x = (i: number) => 34 + (points.length < 2 ? (W - 60) / 2 : i * (W - 60) / (points.length - 1))
  const y = (part: number) => 12 + H - part / 100 * H
  return <svg class="chart" viewBox={`0 0 ${W} ${H + 40}`} role="img" aria-label={word(stat.label)}>
    {[0, 50, 100].map(g => <g key={g}><line class="grid" x1="34" x2={W - 8} y1={y(g)} y2={y(g)} /><text x="28" y={y(g) + 4} text-anchor="end">{g}</text></g>)}
    {/on_time/.test(stat.code) && <><line class="target" x1="34" x2={W - 8} y1={y(TARGET)} y2={y(TARGET)} /><text x={W - 8} y={y(TARGET) + 14} text-anchor="end">{t('target', { n: TARGET })}</text></>}
    <polyline points={points.map((p, i) => `${x(i)},${y(p.part)}`).join(' ')} />
    {points.map((p, i) => <g key={p.m}><title>{`${p.m} ${p.part} %`}</title><circle cx={x(i)} cy={y(p.part)} r="4" /><text x={x(i)} y={H + 32} text-anchor="middle">{p.m.slice(5)}</text></g>)}</svg>
}

const ROWS = 16
const COLS = 8
/** Two kinds of things against each other: the more, the darker, and the number in each. */
function Heat({ stat }: { stat: Stat }) {
  const rows = by(stat, 0).filter(r => r.raw !== '' && r.raw !== null).sort((a, b) => b.n - a.n).slice(0, ROWS)
  const cols = by(stat, 1).sort((a, b) => b.n - a.n).slice(0, COLS)
  const n = (r: Bar, c: Bar) => stat.cells.filter(x => x[0] === r.raw && x[1] === c.raw).reduce((s, x) => s + (count(x) || 0), 0)
  const most = Math.max(1, ...rows.map(r => Math.max(...cols.map(c => n(r, c)))))
  const W = width()
  const at = Math.round(W * 0.28)
  const w = (W - at) / Math.max(1, cols.length)
  return <svg class="chart heat" viewBox={`0 0 ${W} ${rows.length * ROW + 30}`} role="img" aria-label={word(stat.label)}>
    {cols.map((c, k) => <text key={c.key} x={at + k * w + w / 2} y="16" text-anchor="middle">{c.key.slice(0, narrow.value ? 2 : 4)}</text>)}
    {rows.map((r, i) => <g key={r.key}><text x={at - 8} y={i * ROW + 44} text-anchor="end">{short(r.key)}</text>
      {cols.map((c, k) => { const v = n(r, c); return <g key={c.key}><title>{`${r.key} ${c.key} ${v}`}</title><rect x={at + k * w + 1} y={i * ROW + 26} width={Math.max(1, w - 2)} height={ROW - 3} fill-opacity={0.04 + v / most * 0.4} />
        <text x={at + k * w + w / 2} y={i * ROW + 44} text-anchor="middle">{v || ''}</text></g> })}</g>)}</svg>
}

export function Chart({ stat }: { stat: Stat }) {
  if (stat.dims.length === 0) return null // one number stands in the heading
  const has = (name: string) => stat.dims.findIndex(d => d.name === name)
  const when = stat.dims.findIndex(d => /^(month|week|day)$/.test(d.name))
  if (has('age5') >= 0 && has('sex') >= 0) return <Pyramid stat={stat} />
  if (stat.kind === 'share' && when === 0) return <Line stat={stat} />
  if (stat.kind === 'share' || stat.kind === 'complete') return <Shares stat={stat} />
  if (when >= 0) return <Columns stat={stat} dim={when} />
  if (stat.kind === 'histogram') return <Columns stat={stat} dim={stat.dims.length - 1} />
  if (stat.dims.length === 2 && /^(place|building)$/.test(stat.dims[0].name)) return <Heat stat={stat} />
  const flow = Object.keys(stat.dims[0].values)
  const rows = stat.dims[0].name === 'state' ? by(stat, 0).sort((a, b) => flow.indexOf(String(a.raw)) - flow.indexOf(String(b.raw))) : by(stat, 0)
  return rows.length < 2 ? null : <Bars label={word(stat.label)} rows={rows.slice(0, MOST_BARS)} stat={stat} />
}

export function Table({ stat, min }: { stat: Stat; min: number }) {
  return <details><summary>{t('as_table')}</summary>
    <div class="scroll" tabIndex={0} role="region" aria-label={word(stat.label)}><table><thead><tr>{stat.dims.map(d => <th key={d.name} scope="col">{word(d.label)}</th>)}<th scope="col" class="num">{t('number')}</th></tr></thead>
      <tbody>{stat.cells.map((c, i) => <tr key={i}>{stat.dims.map((d, k) => <td key={d.name}>{said(d, c[k])}</td>)}
        <td class="num">{count(c) === null ? t('too_few', { n: min }) : amount(stat, count(c) || 0)}</td></tr>)}</tbody></table></div></details>
}

export const total = (stat: Stat) => stat.cells.reduce((n, c) => n + (count(c) || 0), 0)
