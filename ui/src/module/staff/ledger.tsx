// Ledgers: the returns that wait, and one with its rows, filled already where the registry knows the answer.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { session } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { collection, narrow } from '../../app/state'
import { w } from '../../i18n/work'
import { Icon } from '../../kit/icon'
import { Empty, Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { every } from '../../kit/every'
import type { ScreenProps } from '..'

export interface Column { key: string; label: string; type: string; codes?: string; required?: boolean; bound_to?: string }
const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])
const title = (r: Rec, name: string) => (r.refs && r.refs[name] && r.refs[name][text(r, name)]) || ''
const columnsOf = (r: Rec) => (r.f.columns || []) as Column[]
const list = (r: Rec, name: string) => (r.f[name] || []) as string[]
const NAME = 'person.name'
const named = (columns: Column[]) => columns.some(c => c.bound_to === NAME) // the issuer's layout has the name; no second one
export const stateWord = (r: Rec) => { const c = collection(r.collection); return c && c.def.workflow ? word(c.def.workflow.states[r.state || ''], r.state) : r.state || '' }

function Row({ row, columns, edit, onSaved }: { row: Rec; columns: Column[]; edit: boolean; onSaved: (r: Rec) => void }) {
  const [cells, setCells] = useState<Record<string, string>>({ ...(row.f.cells as Record<string, string>) })
  const [wrong, setWrong] = useState('')
  async function save() {
    setWrong('')
    const kept: Record<string, string> = {}
    for (const k of Object.keys(cells)) if (cells[k] !== '') kept[k] = cells[k]
    try {
      onSaved(await call<Rec>('PATCH', '/ledger_row/' + row.id, { cells: kept, checked: true }, { 'If-Match': row.version_etag }))
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(e.fields.length > 0 ? word(e.fields[0]) : word(e))
    }
  }
  const changed = list(row, 'changed')
  const auto = list(row, 'auto')
  const done = row.f.checked === true
  const who = title(row, 'subject')
  const differs = (c: Column) => changed.indexOf(c.key) >= 0
  const cell = (c: Column) => <>{edit && !done
    ? <input aria-label={`${who} ${c.label}`} value={cells[c.key] || ''} inputMode={c.type === 'int' || c.type === 'dec' ? 'decimal' : undefined} onInput={e => setCells({ ...cells, [c.key]: e.currentTarget.value })} />
    : cells[c.key] || ''}{differs(c) && !done && <span class="quiet"> {w('changed')}</span>}</>
  const end = <>{done ? <span class="chip">{w('is_checked')}</span> : edit ? <button type="button" class="primary" aria-label={`${auto.length === columns.length ? w('checked') : w('save_row')} ${who}`} onClick={() => void save()}>{w('save_row')}</button> : ''}
    {wrong && <p class="error" role="alert">{wrong}</p>}</>
  if (narrow.value) return <section class="card"><h2>{who}</h2><dl class="facts">{columns.filter(c => c.bound_to !== NAME || differs(c)).map(c => <div key={c.key} class={differs(c) ? 'cell-changed' : undefined}><dt>{c.label}</dt><dd>{cell(c)}</dd></div>)}</dl>{end}</section>
  return <tr>{!named(columns) && <th scope="row">{who}</th>}{columns.map(c => <td key={c.key} class={differs(c) ? 'cell-changed' : ''}>{cell(c)}</td>)}<td class="noprint">{end}</td></tr>
}

function One({ id }: { id: string }) {
  const [ret, setRet] = useState<Rec | null>(null)
  const [template, setTemplate] = useState<Rec | null>(null)
  const [rows, setRows] = useState<Rec[]>([])
  const [open, setOpen] = useState(true)
  const [wrong, setWrong] = useState('')
  async function load() {
    try {
      const r = await call<Rec>('GET', '/ledger_return/' + id)
      setTemplate(await call<Rec>('GET', '/ledger_template/' + text(r, 'template')))
      setRows(await every(`/ledger_row?template=${text(r, 'template')}&period=${text(r, 'period')}&sort=id`))
      setRet(r)
    } catch (e) {
      setWrong(word(e as { zh: string; en: string }))
    }
  }
  useEffect(() => { void load() }, [id])
  if (!ret || !template) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const columns = columnsOf(template)
  const left = rows.filter(r => r.f.checked !== true)
  const step = (action: string) => call('POST', `/ledger_return/${id}/steps`, { action }, { 'Idempotency-Key': newKey() }).then(load, e => setWrong(word(e)))
  const can = (a: string) => (ret.actions || []).indexOf(a) >= 0
  const cells = rows.reduce((n, r) => n + Object.keys(r.f.cells as object).length, 0)
  const auto = rows.reduce((n, r) => n + list(r, 'auto').length, 0)
  const lines = (open && left.length > 0 ? left : rows).slice(0, 500).map(r => <Row key={r.id + r.version_etag} row={r} columns={columns} edit={ret.state === 'filling'} onSaved={n => setRows(rows.map(o => (o.id === n.id ? n : o)))} />)
  return <article>
    <p class="crumb"><a href="/ledger"><Icon name="back" />{w('ledger')}</a></p>
    <h1>{text(template, 'name')} · {text(ret, 'period')} <span class="chip">{stateWord(ret)}</span></h1>
    <p role="status">{w('rows', { n: rows.length, left: left.length })}　{cells > 0 && w('auto', { n: Math.round(auto / cells * 100) })}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <div class="row noprint">{can('fill') && <button type="button" class="primary" onClick={() => void step('fill')}>{w('fill')}</button>}
      {can('check') && <button type="button" class="primary" onClick={() => void step('check')}>{w('check')}</button>}
      {can('submit') && <button type="button" class="primary" onClick={() => void step('submit')}>{w('submit')}</button>}
      <label class="check"><input type="checkbox" checked={open} onChange={e => setOpen(e.currentTarget.checked)} /> {w('only_open')}</label>
      <button type="button" onClick={() => { setOpen(false); setTimeout(() => window.print(), 100) }}>{w('sheet')}</button></div>
    {rows.length > 0 && narrow.value && <>{lines}</>}
    {rows.length > 0 && !narrow.value && <div class="scroll" tabIndex={0} role="region" aria-label={text(template, 'name')}><table class="grid ledger">
      <thead><tr>{!named(columns) && <th scope="col">{w('name')}</th>}{columns.map(c => <th scope="col" key={c.key}>{c.label}</th>)}<th scope="col" class="noprint">{w('state')}</th></tr></thead>
      <tbody>{lines}</tbody></table></div>}
    <p class="quiet">{title(template, 'issuer')} · {session.value ? session.value.node.name : ''} · {w('printed')} {stamp(Date.now())}</p>
  </article>
}

export function Ledger({ args }: ScreenProps) {
  const [items, setItems] = useState<Rec[] | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    if (!args[0]) void call<{ items: Rec[] }>('GET', '/ledger_return?limit=100').then(p => setItems(p.items), e => setWrong(word(e)))
  }, [args[0]])
  if (args[0]) return <One id={args[0]} />
  return <>
    <h1>{w('ledger')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!items && !wrong && <Waiting />}
    {items && items.length === 0 && <Empty text={w('none')} />}
    {items && items.length > 0 && <ul class="plain card">{items.map(r => <li key={r.id}><a class="item" href={'/ledger/' + r.id}><span class="item-main"><span class="item-title">{title(r, 'template')} · {text(r, 'period')}</span>
      <span class="item-sub">{w('due')} {text(r, 'due')}</span></span><span class="chip">{stateWord(r)}</span></a></li>)}</ul>}
  </>
}

export const ReturnPanel = ({ rec }: { rec: Rec }) => <p class="noprint"><a class="button primary" href={'/ledger/' + rec.id}>{w('fill')}</a></p>
