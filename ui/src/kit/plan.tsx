// A plan of where things are, drawn from their coordinates alone: nothing is fetched from elsewhere, so it works with the link cut.
// Each place has a number, under which the list beside it names what is there.
import { useEffect, useState } from 'preact/hooks'
import { collection, elder, narrow, onEnter, query } from '../app/state'
import type { Collection, Rec } from '../app/types'
import { word } from '../i18n'
import { w } from '../i18n/plan'
import { every } from './every'
import { Icon } from './icon'
import { Empty, Waiting } from './state'
import { numbered } from './value'

export interface Spot { lat: number; lng: number; id: string; title: string; to?: string; chip?: string }
interface View { lat: number; lng: number; wide: number } // the middle, and how many metres are across
const MOST = 1000
const FEW = 3 // named at once where many are in one place
const DEGREE_M = 111320 // of latitude; of longitude that times the cosine
const NEAREST_M = 40
const FARTHEST_M = 2e6
const cos = (lat: number) => Math.cos(lat * Math.PI / 180)

/** Text of a form, or a stored value, as a place. */
export function placeOf(v: unknown): { lat: number; lng: number } | null {
  const m = typeof v === 'string' ? /^\s*(-?[\d.]+)\s*[,，\s]\s*(-?[\d.]+)\s*$/.exec(v) : v ? [0, (v as { lat: string }).lat, (v as { lng: string }).lng] : null
  const at = m ? { lat: Number(m[1]), lng: Number(m[2]) } : null
  return at && Math.abs(at.lat) <= 85 && Math.abs(at.lng) <= 180 ? at : null
}

/** All of them with some room around. */
export function around(spots: { lat: number; lng: number }[], tall: number): View {
  const lats = spots.map(s => s.lat)
  const lngs = spots.map(s => s.lng)
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2
  const lng = (Math.min(...lngs) + Math.max(...lngs)) / 2
  const x = (Math.max(...lngs) - Math.min(...lngs)) * DEGREE_M * cos(lat)
  const y = (Math.max(...lats) - Math.min(...lats)) * DEGREE_M
  return { lat, lng, wide: Math.max(200, Math.max(x, y / tall) * 1.25) }
}

/** The longest round length that fits: 1, 2 or 5 times a power of ten. */
export function round(most: number): number {
  const ten = Math.pow(10, Math.floor(Math.log(most) / Math.LN10))
  return most >= 5 * ten ? 5 * ten : most >= 2 * ten ? 2 * ten : ten
}

export interface Place { x: number; y: number; spots: Spot[] }
/** What would overlap is one place; numbered from north to south. */
export function places(spots: Spot[], view: View, W: number, H: number, size: number): { seen: Place[]; outside: number } {
  const scale = W / view.wide
  const out: Place[] = []
  let outside = 0
  for (const s of spots.slice().sort((a, b) => b.lat - a.lat || a.lng - b.lng)) {
    const x = W / 2 + (s.lng - view.lng) * DEGREE_M * cos(view.lat) * scale
    const y = H / 2 + (view.lat - s.lat) * DEGREE_M * scale
    if (x < 0 || x > W || y < 0 || y > H) { outside++; continue }
    const near = out.find(p => Math.abs(p.x - x) < size && Math.abs(p.y - y) < size)
    if (near) near.spots.push(s)
    else out.push({ x, y, spots: [s] })
  }
  return { seen: out, outside }
}

/** What all names begin with says nothing beside each of them. */
function lead(names: string[]): number {
  let n = names.length > 1 ? names[0].length : 0
  for (const s of names) while (n > 0 && s.slice(0, n) !== names[0].slice(0, n)) n--
  while (n > 0 && /\d/.test(names[0][n - 1])) n--
  return n
}

let known: Promise<Spot[]> | null = null
onEnter.push(() => { known = null })
/** Buildings, for orientation; asked for once by each who comes. */
function buildings(): Promise<Spot[]> {
  if (!known) known = collection('building') ? every('/building?sort=id', MOST).then(list => spotsOf(list, 'geo', []).spots, () => { known = null; return [] }) : Promise.resolve([])
  return known
}

/** Records as spots: by their own position, else by that of the building they name. */
function spotsOf(list: Rec[], geo: string, ground: Spot[], def?: Collection): { spots: Spot[]; without: number } {
  const by = def ? def.fields.filter(f => f.type === 'ref' && f.to === 'building').map(f => f.name) : []
  const spots: Spot[] = []
  for (const r of list) {
    const at = placeOf(r.f[geo]) || ground.find(b => by.some(n => r.f[n] === b.id))
    const chip = def && def.workflow && r.state ? word(def.workflow.states[r.state], r.state) : undefined
    if (at) spots.push({ lat: at.lat, lng: at.lng, id: r.id, title: numbered(r.title).rest || numbered(r.title).no || r.id, to: def && `/${def.name}/${r.id}`, chip })
  }
  return { spots, without: list.length - spots.length }
}

interface PlanProps { spots: Spot[]; label: string; onPick?: (at: { lat: number; lng: number }) => void; note?: string }

export function Plan({ spots, label, onPick, note }: PlanProps) {
  const [ground, setGround] = useState<Spot[]>([])
  const [view, setView] = useState<View | null>(null)
  const [lit, setLit] = useState(-1)
  useEffect(() => {
    let on = true
    void buildings().then(b => on && setGround(b))
    return () => { on = false }
  }, [])
  const W = narrow.value ? 320 : 640
  const H = narrow.value ? 300 : 440
  const all = spots.length > 0 ? spots : ground
  if (all.length === 0 && !onPick) return <Empty text={w('none')} />
  const home = around(all.length > 0 ? all : [{ lat: 30.27, lng: 120.15 }], H / W)
  const v = view || home
  const scale = W / v.wide
  const { seen, outside } = places(spots, v, W, H, 24)
  const back = places(ground, v, W, H, 4).seen
  const skip = lead(ground.map(b => b.title))
  const named = back.length > 0 && back.length <= 60 && scale > 0.4
  const bar = round(v.wide / 4)
  const at = (dx: number, dy: number) => ({ lat: v.lat - dy / scale / DEGREE_M, lng: v.lng + dx / scale / DEGREE_M / cos(v.lat) })
  const move = (dx: number, dy: number, by = 1) => setView({ ...at(dx, dy), wide: Math.min(FARTHEST_M, Math.max(NEAREST_M, v.wide * by)) })
  function press(e: KeyboardEvent) {
    const k = { ArrowLeft: [-W / 6, 0], ArrowRight: [W / 6, 0], ArrowUp: [0, -H / 6], ArrowDown: [0, H / 6], '+': [0, 0, 0.6], '=': [0, 0, 0.6], '-': [0, 0, 1 / 0.6], Enter: [] }[e.key]
    if (!k || (e.key === 'Enter' && !onPick)) return
    e.preventDefault()
    if (e.key === 'Enter' && onPick) onPick(at(0, 0))
    else move(k[0], k[1], k[2])
  }
  function tap(e: MouseEvent) {
    const box = (e.currentTarget as Element).getBoundingClientRect()
    const dx = (e.clientX - box.left) / box.width * W - W / 2
    const dy = (e.clientY - box.top) / box.height * H - H / 2
    if (onPick) onPick(at(dx, dy))
    else move(dx, dy)
  }
  const one = (s: Spot, i: number) => <li key={s.id}>{s.to ? <a href={s.to} onFocus={() => setLit(i)} onBlur={() => setLit(-1)}>{s.title}</a> : s.title}{s.chip && <> <span class="chip">{s.chip}</span></>}</li>
  const over = (p: Place) => (seen.some(q => Math.abs(q.x - p.x) < 24 && Math.abs(q.y - p.y) < 24) ? 17 : 9) // a name stands above what is drawn over its building
  return <div class={'plan' + (onPick || elder.value ? ' plan-alone' : '')}>
    <div><div class="plan-box" tabIndex={0} role="group" aria-label={w('keys')} onKeyDown={press}>
      <svg class="chart" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={label} onClick={tap}>
        <rect class="plan-ground" x="0" y="0" width={W} height={H} />
        {back.map(p => <g key={p.spots[0].id}><title>{p.spots[0].title}</title><rect class="plan-building" x={p.x - 6} y={p.y - 5} width="12" height="10" />
          {named && <text class="plan-name" x={p.x} y={p.y - over(p)} text-anchor="middle">{p.spots[0].title.slice(skip)}</text>}</g>)}
        {seen.map((p, i) => <g key={p.spots[0].id} class={'plan-spot' + (lit === i ? ' plan-lit' : '')} onMouseEnter={() => setLit(i)} onMouseLeave={() => setLit(-1)}>
          <title>{p.spots.map(s => s.title).join(' / ')}</title><circle cx={p.x} cy={p.y} r={p.spots.length > 1 ? 14 : 11} /><text x={p.x} y={p.y + 4.5} text-anchor="middle">{i + 1}</text></g>)}
        {onPick && <path class="plan-cross" d={`M${W / 2 - 12} ${H / 2}h24M${W / 2} ${H / 2 - 12}v24`} />}
        <path class="plan-cross" d={`M12 ${H - 18}v6h${bar * scale}v-6`} /><text x="16" y={H - 20}>{bar >= 1000 ? w('km', { n: bar / 1000 }) : w('metres', { n: bar })}</text>
        <path class="plan-cross" d={`M${W - 18} 44v-24l-5 8m5-8l5 8`} /><text x={W - 18} y="15" text-anchor="middle">{w('north')}</text>
      </svg></div>
      <div class="row no-print"><button type="button" onClick={() => move(0, 0, 0.6)}>＋ {w('nearer')}</button><button type="button" onClick={() => move(0, 0, 1 / 0.6)}>− {w('farther')}</button>
        <button type="button" onClick={() => setView(null)}>{w('whole')}</button>{onPick && <button type="button" class="primary" onClick={() => onPick(at(0, 0))}>{w('middle')}</button>}</div>
      <p class="quiet">{onPick ? w('tap') : w('drawn')}</p></div>
    {!onPick && seen.length + outside > 1 && <div><ol class="plain plan-list">{seen.map((p, i) => <li key={p.spots[0].id} class={lit === i ? 'plan-lit' : ''} onMouseEnter={() => setLit(i)} onMouseLeave={() => setLit(-1)}>
      <b class="count">{i + 1}</b><ul>{p.spots.slice(0, FEW).map(s => one(s, i))}
        {p.spots.length > FEW && <li><details><summary>{w('rest', { n: p.spots.length - FEW })}</summary><ul>{p.spots.slice(FEW).map(s => one(s, i))}</ul></details></li>}</ul></li>)}</ol>
      {outside > 0 && <p class="quiet" role="status">{w('outside', { n: outside })}</p>}{note && <p class="quiet">{note}</p>}</div>}
  </div>
}

/** A record's own place, among the buildings. */
export function Here({ value, title }: { value: unknown; title: string }) {
  const at = placeOf(value)
  return at ? <Plan spots={[{ ...at, id: 'here', title }]} label={w('of', { what: title })} /> : null
}

/** Below the two numbers of a form. */
export function Choose({ value, label, onInput }: { value: string; label: string; onInput: (text: string) => void }) {
  const at = placeOf(value)
  return <details><summary>{w('choose')}</summary><Plan spots={at ? [{ ...at, id: 'here', title: label }] : []} label={w('of', { what: label })} onPick={p => onInput(`${p.lat.toFixed(5)}, ${p.lng.toFixed(5)}`)} /></details>
}

/** /plan/<collection>?…: what the list of the same address holds. */
export function PlanPage({ args }: { args: string[] }) {
  const found = collection(args[0] || '')
  const [got, setGot] = useState<{ spots: Spot[]; without: number; cut: boolean } | null>(null)
  const [wrong, setWrong] = useState('')
  const geo = found && found.def.fields.find(f => f.type === 'geo')
  const asked = new URLSearchParams(query.value)
  for (const k of ['cursor', 'sort', 'limit']) asked.delete(k)
  const search = asked.toString()
  useEffect(() => {
    let on = true
    setGot(null)
    if (found && geo) Promise.all([every(`/${found.def.name}?sort=-id${search ? '&' + search : ''}`, MOST), buildings()])
      .then(([list, ground]) => on && setGot({ ...spotsOf(list, geo.name, ground, found.def), cut: list.length >= MOST }), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [args[0], search])
  if (!found || !geo) return <Empty text={w('none')} />
  const what = word(found.def.label, found.def.name)
  const note = got ? [got.without > 0 ? w('without', { n: got.without }) : '', got.cut ? w('more', { n: MOST }) : ''].filter(x => x).join(' · ') : ''
  return <>
    <div class="list-head"><h1>{w('of', { what })} {got && <span class="count">{got.spots.length}</span>}</h1>
      <p class="row no-print"><a class="button" href={`/${found.def.name}${search ? '?' + search : ''}`}><Icon name="back" />{w('as_list')}</a></p></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!got && !wrong && <Waiting lines={8} />}
    {got && <section class="card"><Plan key={search} spots={got.spots} label={w('of', { what })} note={note} /></section>}
  </>
}
