// The freshness board: of each node below when it was last heard of and what is wrong; enrolling, renewing, revoking.
import { useEffect, useState } from 'preact/hooks'
import { call, said as why } from '../../app/api'
import { word } from '../../i18n'
import { w } from '../../i18n/node'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { Drill, Late, Replace } from './rescue'

interface Alarm { code: string; zh: string; en: string }
interface Raised extends Alarm { n: number; node: string; name: string; raised_ms: number; cleared_ms: number; acked_ms: number; acked_by: string; note: string }
interface Alarms { items: Raised[]; open: number; ack: boolean }
interface State { version?: string; free_mb?: number; refused?: number; conflicts?: number; unsent?: number }
interface Node {
  node: string; region: string; name: string; role: Role; child: boolean; self: boolean; until_ms: number; revoked: number; grids: string[]
  last_contact_ms: number; last_receipt_ms: number; seq: number; receipt: number; waiting: number; digest: number; offset_ms: number; state: State; alarms: Alarm[]
}
type Role = 'province' | 'city' | 'district' | 'subdistrict' | 'community' | 'laptop'
interface Board { items: Node[]; alarms: number; manage: boolean }
interface Invitation { code: string; card: string; hours: number; qr: string[] }
const ROLES: Role[] = ['city', 'district', 'subdistrict', 'community', 'laptop']
const TIERS: Role[] = ['province', ...ROLES]
const split = (text: string) => text.split(/[,，\s]+/).filter(g => g !== '')

function Qr({ rows }: { rows: string[] }) {
  const d = rows.map((row, y) => row.split('').map((c, x) => (c === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : '')).join('')).join('')
  const size = rows.length + 8
  return <svg class="qr" role="img" aria-label={w('qr')} viewBox={`0 0 ${size} ${size}`} width="240" height="240">
    <rect width={size} height={size} fill="#fff" /><path d={d} fill="#000" /></svg>
}

function Invite({ self }: { self: Node }) {
  const below = ROLES.filter(r => TIERS.indexOf(r) > TIERS.indexOf(self.role) && (r !== 'laptop' || self.role === 'community'))
  const [role, setRole] = useState<Role>(below[below.length - 1])
  const [region, setRegion] = useState(self.region)
  const [grids, setGrids] = useState('')
  const [made, setMade] = useState<Invitation | null>(null)
  const [wrong, setWrong] = useState('')
  const make = (e: Event) => {
    e.preventDefault()
    call<Invitation>('POST', '/nodes', { role, region, grids: role === 'laptop' ? split(grids) : [] })
      .then(m => { setMade(m); setWrong('') }, x => { setMade(null); setWrong(why(x)) })
  }
  if (!below.length) return null
  return <section class="block"><h2>{w('invite')}</h2>
    <form class="card form" onSubmit={make}>
      <label for="n-role">{w('role')}</label>
      <select id="n-role" value={role} onChange={e => setRole((e.target as HTMLSelectElement).value as Role)}>{below.map(r => <option key={r} value={r}>{w(r)}</option>)}</select>
      {role === 'laptop'
        ? <><label for="n-grids">{w('grids')}</label><input id="n-grids" required value={grids} onInput={e => setGrids((e.target as HTMLInputElement).value)} aria-describedby="n-hint" />
          <p class="quiet" id="n-hint">{w('grids_hint')}</p></>
        : <><label for="n-region">{w('region')}</label><input id="n-region" required inputMode="numeric" pattern="[0-9]{12}" value={region} onInput={e => setRegion((e.target as HTMLInputElement).value)} /></>}
      <div class="row"><button type="submit">{w('make')}</button></div>
    </form>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {made && <div role="status"><p>{w('code', { n: made.hours })}</p><p><b class="code">{made.code}</b></p><Qr rows={made.qr} /><p class="quiet">{w('scan')} <span class="wrap">{made.card}</span></p></div>}
  </section>
}

function Actions({ n, done }: { n: Node; done: () => void }) {
  const [what, setWhat] = useState<'' | 'regrid' | 'revoke'>('')
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const send = (path: string, body: object) => call('POST', `/nodes/${n.node}/${path}`, body).then(() => { setWhat(''); setWrong(''); done() }, x => setWrong(why(x)))
  const open = (next: 'regrid' | 'revoke') => { setWhat(next); setText(next === 'regrid' ? n.grids.join(',') : ''); setWrong('') }
  const last = n.node.slice(-4)
  return <>
    <div class="row">
      <button type="button" onClick={() => void send('renew', {})}>{w('renew')}</button>
      {n.role === 'laptop' && <button type="button" onClick={() => open('regrid')}>{w('regrid')}</button>}
      <button type="button" onClick={() => open('revoke')}>{w('revoke')}</button>
    </div>
    {what && <form class="form" onSubmit={e => { e.preventDefault(); void (what === 'regrid' ? send('renew', { grids: split(text) }) : send('revoke', { confirm: text.trim() })) }}>
      <label for={'x-' + n.node}>{what === 'regrid' ? w('grids') + '：' + w('drop') : w('sure', { n: last })}</label>
      <input id={'x-' + n.node} required value={text} onInput={e => setText((e.target as HTMLInputElement).value)} />
      <div class="row"><button type="submit">{w('save')}</button><button type="button" onClick={() => setWhat('')}>{w('cancel')}</button></div>
    </form>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </>
}

function Card({ n, manage, peers, done }: { n: Node; manage: boolean; peers: Node[]; done: () => void }) {
  const at = (ms: number) => (ms ? stamp(ms) : w('never'))
  const facts: [string, string | number][] = []
  if (!n.self) facts.push([w('contact'), at(n.last_contact_ms)], [w('receipt'), at(n.last_receipt_ms)], [w('signed'), `${n.receipt}/${n.seq}` + (n.waiting ? ` · ${w('waiting')} ${n.waiting}` : '')])
  if (n.child) facts.push([w('digest'), n.digest > 0 ? w('same') : n.digest < 0 ? w('differ') : w('unknown')], [w('offset'), w('seconds', { n: Math.round(n.offset_ms / 1000) })])
  if (n.state.unsent !== undefined) facts.push([w('unsent'), n.state.unsent])
  if (n.state.version) facts.push([w('version'), n.state.version], [w('free'), `${Math.round((n.state.free_mb || 0) / 1024)} GB`], [w('conflicts'), n.state.conflicts || 0], [w('refused'), n.state.refused || 0])
  if (n.role === 'laptop') facts.push([w('grids'), n.grids.join(' ') || w('none')])
  facts.push([w('lease'), stamp(n.until_ms)])
  return <section class="card" aria-label={n.name}>
    <h2>{n.name} <span class="quiet">{n.self ? w('here') : w(n.role)}</span></h2>
    <p class="quiet wrap">{n.node}</p>
    {n.revoked > 0 && <p><span class="chip chip-bad">{w('revoked')}</span></p>}
    {n.alarms.length > 0 && <ul>{n.alarms.map(a => <li key={a.code}><span class="chip chip-bad">{word(a)}</span></li>)}</ul>}
    <dl>{facts.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>
    {manage && n.child && !n.revoked && <Actions n={n} done={done} />}
    {manage && n.revoked > 0 && <Late node={n.node} />}
    {manage && n.child && !n.revoked && n.role !== 'laptop' && <Replace n={n} peers={peers} />}
  </section>
}

function Open({ a, ack, done }: { a: Raised; ack: boolean; done: () => void }) {
  const [asked, setAsked] = useState(false)
  const [note, setNote] = useState('')
  const [wrong, setWrong] = useState('')
  const send = (e: Event) => {
    e.preventDefault()
    call('POST', `/alarms/${a.n}/ack`, { note: note.trim() }).then(() => { setAsked(false); setWrong(''); done() }, x => setWrong(why(x)))
  }
  return <li>
    <p><b>{a.name}</b> {word(a)} <span class="quiet">{w('raised')} {stamp(a.raised_ms)}</span>{a.acked_ms > 0 && <> <span class="chip">{w('acked', { who: a.acked_by })}</span> {a.note}</>}</p>
    {ack && !a.acked_ms && !asked && <button type="button" aria-label={`${w('ack')} ${a.name} ${word(a)}`} onClick={() => setAsked(true)}>{w('ack')}</button>}
    {asked && <form class="form" onSubmit={send}><label for={'k-' + a.n}>{w('note')}</label><input id={'k-' + a.n} maxLength={60} value={note} onInput={e => setNote((e.target as HTMLInputElement).value)} />
      <div class="row"><button type="submit">{w('save')}</button><button type="button" onClick={() => setAsked(false)}>{w('cancel')}</button></div></form>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </li>
}

function AlarmList({ list, done }: { list: Alarms; done: () => void }) {
  const open = list.items.filter(a => !a.cleared_ms)
  const past = list.items.filter(a => a.cleared_ms)
  return <section class="card block" aria-label={w('open')}><h2>{w('open')} {open.length > 0 && <span class="count count-bad">{open.length}</span>}</h2>
    {open.length === 0 ? <p class="quiet">{w('quiet')}</p> : <ul class="plain">{open.map(a => <Open key={a.n} a={a} ack={list.ack} done={done} />)}</ul>}
    {past.length > 0 && <details><summary>{w('past')}（{past.length}）</summary>
      <ul class="plain">{past.map(a => <li key={a.n}><p>{a.name} {word(a)} <span class="quiet">{stamp(a.raised_ms)} – {w('cleared')} {stamp(a.cleared_ms)}{a.acked_ms > 0 && ` · ${w('acked', { who: a.acked_by })} ${a.note}`}</span></p></li>)}</ul></details>}
  </section>
}

function Rotate() {
  const [said, setSaid] = useState('')
  const go = (own: boolean) => call<{ minted: number }>('POST', '/nodes/rotate', { own }).then(r => setSaid(own ? w('rotated_own') : w('rotated', { n: r.minted })), x => setSaid(why(x)))
  return <section class="block"><h2>{w('rotate')}</h2><p class="quiet">{w('rotate_hint')}</p>
    <div class="row"><button type="button" onClick={() => void go(false)}>{w('rotate')}</button></div>
    <p class="quiet">{w('own_hint')}</p>
    <div class="row"><button type="button" onClick={() => void go(true)}>{w('rotate_own')}</button></div>{said && <p role="status">{said}</p>}</section>
}

export function Board() {
  const [board, setBoard] = useState<Board | null>(null)
  const [wrong, setWrong] = useState('')
  const [alarms, setAlarms] = useState<Alarms | null>(null)
  const load = () => Promise.all([call<Board>('GET', '/nodes'), call<Alarms>('GET', '/alarms')]).then(([b, a]) => { setBoard(b); setAlarms(a); setWrong('') }, e => setWrong(why(e)))
  useEffect(() => {
    void load()
    const timer = setInterval(load, 15000)
    return () => clearInterval(timer)
  }, [])
  const self = board && board.items.find(n => n.self)
  return <>
    <h1>{w('board')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!board && !wrong && <div class="card"><Waiting lines={8} /></div>}
    {alarms && <AlarmList list={alarms} done={load} />}
    {board && <div class="cards">{board.items.map(n => <Card key={n.node} n={n} manage={board.manage} peers={board.items} done={load} />)}</div>}
    {board && board.manage && self && <Invite self={self} />}
    {board && board.manage && self && self.role !== 'laptop' && <Rotate />}
    {board && board.manage && self && <Drill />}
  </>
}
