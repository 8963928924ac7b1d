// The one list: any collection, with search, filters, sorting and paging that stand in the address, so that a list can be linked to;
// a table at a desk, cards on a phone.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../app/api'
import { go, narrow, query, session, status } from '../app/state'
import type { Collection, Field, Module, Rec } from '../app/types'
import { lang, t, word } from '../i18n'
import { Thumb } from './files'
import { Filters } from './filters'
import { Icon } from './icon'
import { PrintFoot } from './printfoot'
import { Empty, Waiting } from './state'
import { numbered, show } from './value'
import { pending, waits } from './waits'

const counted = (page: Page) => page.total + (page.least ? '+' : '')
interface Page { items: Rec[]; next: string | null; prev: string | null; from: number; total?: number; least?: boolean } // least: there are so many or more
const SIZE = 50
const LONG = 90
const RIGHT = ['int', 'dec', 'fen']

function columns(def: Collection): Field[] {
  return (def.list || def.title || def.fields.slice(0, 5).map(f => f.name)).map(name => def.fields.find(f => f.name === name)).filter((f): f is Field => f !== undefined)
}

function hiddenColumns(name: string): string[] {
  try {
    return JSON.parse(localStorage.getItem('columns/' + name) || '[]') as string[]
  } catch (e) {
    return []
  }
}

function Columns({ def, fields, hidden, onChange }: { def: Collection; fields: Field[]; hidden: string[]; onChange: (h: string[]) => void }) {
  const put = (h: string[]) => {
    onChange(h)
    try { localStorage.setItem('columns/' + def.name, JSON.stringify(h)) } catch (e) { /* for this page only */ }
  }
  return <details class="menu-pop no-print"><summary>{t('columns')}</summary><div>{fields.slice(1).map(f => <label class="check" key={f.name}>
    <input type="checkbox" checked={hidden.indexOf(f.name) < 0} onChange={e => put(e.currentTarget.checked ? hidden.filter(x => x !== f.name) : hidden.concat(f.name))} />{word(f.label, f.name)}</label>)}</div></details>
}

const stateOf = (def: Collection, r: Rec) => (def.workflow && r.state ? word(def.workflow.states[r.state], r.state) : '')
const Marks = ({ r }: { r: Rec }) => <>{!!r.conflict_count && <span class="chip tone-bad">{t('conflict')}</span>}{r.stale && <span class="chip tone-warn">{t('stale_one')}</span>}{pending(r) && <span class="chip">{waits()}</span>}</>

/** A value in a list: of a number its end, of a long text its beginning. */
function cell(r: Rec, f: Field, module: Module): string {
  const text = show(r.f[f.name], f, module, r)
  if (f.name === 'no') return numbered(text).no || text
  return text.length > LONG ? text.slice(0, LONG) + '…' : text
}

interface ShownProps { module: Module; def: Collection; fields: Field[]; items: Rec[] }

function Table({ module, def, fields, items, sort, onSort }: ShownProps & { sort: string; onSort: (s: string) => void }) {
  const way = (name: string) => (sort === name ? 'ascending' as const : sort === '-' + name ? 'descending' as const : undefined)
  return <div class="scroll" tabIndex={0} role="region" aria-label={word(def.label)}><table>
    <thead><tr>{fields.map(f => <th scope="col" key={f.name} aria-sort={way(f.name)} class={RIGHT.indexOf(f.type) >= 0 ? 'num' : undefined}>
      {f.mark === '^' || f.type === 'ref' || f.type === 'list' || f.type === 'map' ? word(f.label, f.name) : <button type="button" onClick={() => onSort(sort === f.name ? '-' + f.name : f.name)}>
        {word(f.label, f.name)}{way(f.name) === 'ascending' ? ' ↑' : way(f.name) === 'descending' ? ' ↓' : ''}</button>}</th>)}
      {def.workflow && <th scope="col">{t('state')}</th>}</tr></thead>
    <tbody>{items.map(r => <tr key={r.id}>
      {fields.map((f, i) => <td key={f.name} class={RIGHT.indexOf(f.type) >= 0 ? 'num' : undefined}>{i === 0
        ? <><Thumb def={def} rec={r} /><a href={`/${def.name}/${r.id}`} title={f.name === 'no' ? String(r.f.no || '') : undefined}>{cell(r, f, module) || r.title || t('untitled')}</a></> : cell(r, f, module)}</td>)}
      {def.workflow ? <td><span class="chip">{stateOf(def, r)}</span><Marks r={r} /></td> : null}
    </tr>)}</tbody></table></div>
}

function Cards({ module, def, fields, items }: ShownProps) {
  const titled = def.title || []
  return <ul class="stack">{items.map(r => <li key={r.id}><Thumb def={def} rec={r} />
    <a class="title" href={`/${def.name}/${r.id}`}>{numbered(r.title).rest || numbered(r.title).no || t('untitled')}</a>
    {def.workflow && <span class="chip">{stateOf(def, r)}</span>}<Marks r={r} />
    <dl>{fields.filter(f => titled.indexOf(f.name) < 0 || f.name === 'no').map(f => ({ f, text: cell(r, f, module) })).filter(x => x.text !== '').slice(0, 4).map(x =>
      <div key={x.f.name}><dt>{word(x.f.label, x.f.name)}</dt><dd>{x.f.check === 'phone' && /^[\d+ -]+$/.test(x.text) ? <a href={'tel:' + x.text}>{x.text}</a> : x.text}</dd></div>)}</dl></li>)}</ul>
}

export function List({ module, def }: { module: Module; def: Collection }) {
  const params = new URLSearchParams(query.value)
  const [page, setPage] = useState<Page | null>(null)
  const [wrong, setWrong] = useState('')
  const [hidden, setHidden] = useState(() => hiddenColumns(def.name))
  const seq = status.value ? status.value.seq : 0
  const all = columns(def)
  const fields = all.filter((f, i) => i === 0 || hidden.indexOf(f.name) < 0)
  const sort = params.get('sort') || def.sort || '-id'

  useEffect(() => {
    let on = true
    const p = new URLSearchParams(query.value)
    p.set('limit', String(SIZE))
    p.set('count', '1')
    setWrong('')
    call<Page>('GET', `/${def.name}?${p.toString()}`).then(got => on && setPage(got), e => {
      if (!on || !(e instanceof ApiError)) return
      if (e.status === 409 && p.has('cursor')) put({}) // its record is gone: the first page
      else setWrong(word(e))
    })
    return () => { on = false }
  }, [def.name, query.value, lang.value, seq])

  function put(change: Record<string, string>, keepPage = false) {
    const p = new URLSearchParams(query.value)
    for (const k of Object.keys(change)) if (change[k]) p.set(k, change[k]); else p.delete(k)
    if (!keepPage) p.delete('cursor')
    const s = p.toString()
    go('/' + def.name + (s ? '?' + s : ''), true)
  }
  const exported = new URLSearchParams(query.value)
  exported.delete('cursor')
  const asked = Array.from(params.keys()).some(k => k !== 'cursor' && k !== 'sort')
  const items = page ? page.items : []
  return <>
    <div class="list-head"><h1>{word(def.label, def.name)}{page && page.total !== undefined && <> <span class="count">{counted(page)}</span></>}</h1>
      <div class="row no-print">
        {def.can.create && <a class="button primary" href={`/${def.name}/new`}><Icon name="add" />{t('add')}</a>}
        {def.can.create && !def.log && session.value && session.value.staff && <a class="button only-wide" href={`/${def.name}/import`}><Icon name="upload" />{t('import')}</a>}
        {session.value && session.value.account && <details class="menu-pop only-wide"><summary><Icon name="download" />{t('export')}</summary><div>
          <p><a href={`/api/v1/export/${def.name}.xlsx?${exported.toString()}`} download>{t('export_xlsx')}</a></p><p><a href={`/api/v1/export/${def.name}.csv?${exported.toString()}`} download>{t('export_csv')}</a></p></div></details>}
        {def.fields.some(f => f.type === 'geo') && <a class="button" href={`/plan/${def.name}?${exported.toString()}`}><Icon name="place" />{t('plan')}</a>}
        <button type="button" class="only-wide" onClick={() => window.print()}><Icon name="print" />{t('print')}</button>
        {!narrow.value && all.length > 3 && <Columns def={def} fields={all} hidden={hidden} onChange={setHidden} />}
      </div></div>
    <Filters key={def.name} module={module} def={def} params={params} onPut={put} />
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!page && !wrong && <div class="card"><Waiting lines={8} /></div>}
    {page && items.length === 0 && <div class="card"><Empty text={t(asked ? 'none_fits' : 'empty')} icon={asked ? 'search' : 'box'}>
      {asked && <button type="button" onClick={() => go('/' + def.name, true)}>{t('clear_filters')}</button>}</Empty></div>}
    {items.length > 0 && (narrow.value ? <Cards module={module} def={def} fields={fields} items={items} />
      : <Table module={module} def={def} fields={fields} items={items} sort={sort} onSort={s => put({ sort: s })} />)}
    {page && (page.prev || page.next) && <nav class="pager" aria-label={t('pages')}>
      <button type="button" disabled={!page.prev} onClick={() => put({ cursor: page.from > SIZE && page.prev ? page.prev : '' }, true)}><Icon name="back" />{t('page_before')}</button>
      <span role="status">{t('page_of', { from: page.from + 1, to: page.from + items.length, n: page.total === undefined ? '…' : counted(page) })}</span>
      <button type="button" disabled={!page.next} onClick={() => { put({ cursor: page.next || '' }, true); window.scrollTo(0, 0) }}>{t('page_after')}<Icon name="next" /></button></nav>}
    <PrintFoot />
  </>
}
