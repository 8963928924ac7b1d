// At the district: who has returned what, community × template; one tap urges or accepts.
import { useEffect, useState } from 'preact/hooks'
import { call, newKey } from '../../app/api'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/work'
import { Empty, Waiting } from '../../kit/state'
import { every } from '../../kit/every'
import { stateWord } from './ledger'

interface Node { region: string; name: string; role: string }
const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])
const title = (r: Rec, name: string) => (r.refs && r.refs[name] && r.refs[name][text(r, name)]) || text(r, name)

export function Matrix() {
  const [items, setItems] = useState<Rec[] | null>(null)
  const [nodes, setNodes] = useState<Node[]>([])
  const [period, setPeriod] = useState('')
  const [wrong, setWrong] = useState('')
  const [urged, setUrged] = useState<string[]>([])
  const bad = (e: { zh: string; en: string }) => setWrong(word(e))
  const load = () => every('/ledger_return?sort=-id', 4000).then(setItems, bad)
  useEffect(() => {
    void load()
    void call<{ items: Node[] }>('GET', '/nodes').then(n => setNodes(n.items.filter(x => x.role === 'community')), () => undefined)
  }, [])
  if (!items) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const periods = Array.from(new Set(items.map(i => text(i, 'period')))).sort().reverse()
  const now = period || periods[0] || ''
  const of = items.filter(i => text(i, 'period') === now)
  const templates = Array.from(new Set(of.map(i => text(i, 'template'))))
  const regions = Array.from(new Set(nodes.map(n => n.region).concat(of.map(i => String((i as Rec & { region: string }).region)))))
  const at = (region: string, template: string) => of.find(i => (i as Rec & { region: string }).region === region && text(i, 'template') === template)
  const step = (r: Rec, action: string) => call('POST', `/ledger_return/${r.id}/steps`, action === 'urge' ? { action, note: w('urge_note') } : { action }, { 'Idempotency-Key': newKey() })
    .then(() => { if (action === 'urge') setUrged(urged.concat(r.id)); return load() }, bad)
  return <>
    <h1>{w('matrix')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {items.length === 0 ? <Empty text={w('no_returns')} /> : <>
      <div class="row noprint"><label>{w('period')}<select value={now} onChange={e => setPeriod(e.currentTarget.value)}>{periods.map(p => <option key={p} value={p}>{p}</option>)}</select></label>
        <button type="button" onClick={() => window.print()}>{w('print')}</button></div>
      <div class="scroll" tabIndex={0} role="region" aria-label={w('matrix')}><table class="grid"><thead><tr><th scope="col">{w('community')}</th>{templates.map(x => <th scope="col" key={x}>{title(of.find(i => text(i, 'template') === x) as Rec, 'template')}</th>)}</tr></thead>
        <tbody>{regions.map(r => <tr key={r}><th scope="row">{(nodes.find(n => n.region === r) || { name: r }).name}</th>{templates.map(x => {
          const c = at(r, x)
          return <td key={x}>{!c ? <span class="quiet">{w('missing')}</span> : <>
            <a href={'/ledger_return/' + c.id}><span class={c.state === 'submitted' || c.state === 'accepted' ? 'chip' : 'chip chip-bad'}>{stateWord(c)}</span></a>
            {c.f.rows !== undefined && <span class="quiet"> {text(c, 'rows')} · {w('share')} {text(c, 'auto_share')}%</span>}
            {(c.actions || []).indexOf('accept') >= 0 && <button type="button" class="noprint" onClick={() => void step(c, 'accept')}>{w('accept')}</button>}
            {(c.actions || []).indexOf('urge') >= 0 && (urged.indexOf(c.id) >= 0 ? <span class="quiet"> {w('urged')}</span> : <button type="button" class="noprint" onClick={() => void step(c, 'urge')}>{w('urge')}</button>)}</>}</td>
        })}</tr>)}</tbody></table></div></>}
  </>
}
