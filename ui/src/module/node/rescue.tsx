// Before and after a box dies: the restore drill, a dead box replaced step by step, late work of a revoked node looked through.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, said as why } from '../../app/api'
import { collection } from '../../app/state'
import { word } from '../../i18n'
import { w } from '../../i18n/node'
import { show, stamp } from '../../kit/value'

interface Report { segments: number; receipt: number; records: number; keys: number; missing: number; waiting: number; differing: number; ms: number }
interface DrillState { state: 'none' | 'running' | 'done' | 'failed'; possible: boolean; report?: Report; why?: string; last?: { at: number; ok: boolean } }

const Item = ({ ok, text }: { ok: boolean; text: string }) => <li><span class={'chip ' + (ok ? 'tone-good' : 'tone-bad')}>{ok ? '✓' : '✗'}</span> {text}</li>

function Result({ r }: { r: Report }) {
  return <ul class="plain" aria-label={w('drill')}>
    <Item ok={r.missing === 0} text={w('d_keys', { n: r.keys }) + (r.missing ? '；' + w('d_missing', { n: r.missing }) : '')} />
    <Item ok text={w('d_segments', { n: r.segments, m: r.receipt })} />
    <Item ok text={w('d_records', { n: r.records })} />
    <Item ok={r.differing === 0 || r.waiting > 0} text={r.differing ? w('d_differ', { n: r.differing }) : w('d_same')} />
    {r.waiting > 0 && <Item ok={false} text={w('d_waiting', { n: r.waiting })} />}
    <li class="quiet">{w('d_time', { n: (r.ms / 1000).toFixed(1) })}</li></ul>
}

export function Drill() {
  const [d, setD] = useState<DrillState | null>(null)
  const [key, setKey] = useState('')
  const [wrong, setWrong] = useState('')
  const load = () => call<DrillState>('GET', '/drill').then(setD, e => setWrong(why(e)))
  useEffect(() => { void load() }, [])
  useEffect(() => {
    if (!d || d.state !== 'running') return
    const timer = setTimeout(load, 1000)
    return () => clearTimeout(timer)
  }, [d])
  const begin = (e: Event) => {
    e.preventDefault()
    call('POST', '/drill', { recovery: key }).then(() => { setKey(''); setWrong(''); void load() }, x => setWrong(why(x)))
  }
  if (!d || !d.possible) return wrong ? <p class="error" role="alert">{wrong}</p> : null
  return <section class="block" aria-label={w('drill')}><h2>{w('drill')}</h2><p class="quiet">{w('drill_hint')}</p>
    <p>{d.last ? w('last_drill', { at: stamp(d.last.at), how: w(d.last.ok ? 'good' : 'bad') }) : w('no_drill')}</p>
    {d.state === 'running' && <p role="status">{w('running')}</p>}
    {d.state === 'done' && d.report && <div role="status"><Result r={d.report} /></div>}
    {d.state === 'failed' && <p class="error" role="alert">{w('failed', { why: d.why || '' })}</p>}
    {d.state !== 'running' && <form onSubmit={begin}><label for="d-key">{w('recovery')}</label>
      <input id="d-key" type="password" autocomplete="off" required value={key} onInput={e => setKey((e.target as HTMLInputElement).value)} />
      <div class="row"><button type="submit">{w('start')}</button></div></form>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </section>
}

interface Line { id: string; seq: number; collection: string; label?: { zh: string; en: string }; op: string; at: number; why: string; f: Record<string, unknown> }
interface LateWork { items: Line[]; takable: number; unreadable: number; total: number; taken: boolean }
const plain = (v: unknown) => (typeof v === 'string' || typeof v === 'number' ? String(v) : JSON.stringify(v))

/** What a line says, in the words of its definition as far as that is known here. */
function told(l: Line): string {
  const known = collection(l.collection)
  return Object.keys(l.f).map(k => {
    const f = known && known.def.fields.find(x => x.name === k)
    return `${f ? word(f.label, k) : k}: ${(known && f && l.f[k] !== '****' && show(l.f[k], f, known.module)) || plain(l.f[k])}`
  }).join('；')
}

/** What a revoked node had written and sent too late: looked through, then taken over. `open`: just brought in on a stick. */
export function Late({ node, open }: { node: string; open?: boolean }) {
  const [late, setLate] = useState<LateWork | null>(null)
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const load = () => call<LateWork>('GET', `/nodes/${node}/late`).then(l => { setLate(l); setWrong('') }, e => (e instanceof ApiError && e.status === 404 ? setLate({ items: [], takable: 0, unreadable: 0, total: 0, taken: false }) : setWrong(why(e))))
  useEffect(() => { if (open) void load() }, [])
  const take = (e: Event) => {
    e.preventDefault()
    call<LateWork>('POST', `/nodes/${node}/adopt`, { confirm: text.trim() }).then(l => { setLate(l); setWrong('') }, x => setWrong(why(x)))
  }
  return <div>
    {!late && !open && <div class="row"><button type="button" onClick={() => void load()}>{w('late')}</button></div>}
    {late && late.total === 0 && <p class="quiet">{w('late_none')}{!open && <> · <a href="/sticks">{w('late_stick')}</a></>}</p>}
    {late && late.total > 0 && <>
      <p class="quiet">{w('late_hint')}{!open && <> <a href="/sticks">{w('late_stick')}</a></>}</p>
      <ul class="plain" aria-label={w('late')}>{late.items.map(l => <li key={l.id}><p><b>{l.label ? word(l.label) : l.collection}</b> <span class="quiet">{stamp(l.at)}</span> {l.why && <span class="chip">{w(l.why === 'known' ? 'why_known' : 'why_no')}</span>}<br />
        {told(l)}</p></li>)}</ul>
      {late.unreadable > 0 && <p>{w('unreadable', { n: late.unreadable })}</p>}
      {late.taken ? <p role="status">{w('adopted', { n: late.takable })}</p> : late.takable > 0 && <form onSubmit={take}>
        <label for={'l-' + node}>{w('may_take', { n: late.takable })}：{w('sure_adopt', { n: node.slice(-4) })}</label>
        <input id={'l-' + node} required value={text} onInput={e => setText((e.target as HTMLInputElement).value)} />
        <div class="row"><button type="submit">{w('adopt')}</button></div></form>}
    </>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </div>
}

interface Peer { node: string; region: string; role: string; name: string; last_contact_ms: number; revoked: number }

/** A new box in the place of a dead one: what to do, and how far it has got. */
export function Replace({ n, peers }: { n: Peer; peers: Peer[] }) {
  const [made, setMade] = useState<{ code: string; address: string; hours: number } | null>(null)
  const [wrong, setWrong] = useState('')
  const make = () => call<{ code: string; address: string; hours: number }>('POST', '/nodes', { role: n.role, region: n.region, continues: n.node }).then(m => { setMade(m); setWrong('') }, e => setWrong(why(e)))
  const heir = peers.find(p => p.region === n.region && p.role === n.role && p.node !== n.node && !p.revoked)
  return <div>
    {!made && <div class="row"><button type="button" onClick={() => void make()}>{w('replace')}</button></div>}
    {made && <ol aria-label={w('replace')}>
      <li>{w('r_1')}</li><li>{w('r_2')}</li>
      <li>{w('r_3')} <code class="wrap">linli restore --dir /var/lib/linli/home --region {n.region} --role {n.role} --parent {made.address || location.origin} --code {made.code}</code><br /><span class="quiet">{w('code', { n: made.hours })}</span></li>
      <li>{w('r_4')} <span class={'chip ' + (heir ? 'tone-good' : '')}>{w(heir ? 'r_done' : 'r_wait')}</span></li><li>{w('r_5')}</li></ol>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </div>
}
