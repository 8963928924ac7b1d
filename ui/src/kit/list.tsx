// The one list: any collection, with search, cursor paging, print and export.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../app/api'
import type { Collection, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { show } from './value'

interface Page { items: Rec[]; next: string | null }

export function List({ module, def }: { module: Module; def: Collection }) {
  const [q, setQ] = useState('')
  const [state, setState] = useState('')
  const [stale, setStale] = useState(/[?&]stale=1/.test(location.search))
  const [page, setPage] = useState<Page | null>(null)
  const [wrong, setWrong] = useState('')
  const fields = (def.list || def.title || def.fields.slice(0, 5).map(f => f.name))
    .map(name => def.fields.find(f => f.name === name)).filter(f => f !== undefined)
  const url = (cursor: string) => `/${def.name}?limit=50${q ? '&q=' + encodeURIComponent(q) : ''}${state ? '&state=' + state : ''}${stale ? '&stale=1' : ''}${cursor ? '&cursor=' + cursor : ''}`

  async function load(before: Rec[], cursor: string, alive: () => boolean) {
    try {
      const got = await call<Page>('GET', url(cursor))
      if (alive()) setPage({ items: before.concat(got.items), next: got.next })
    } catch (e) {
      if (e instanceof ApiError && alive()) setWrong(word(e))
    }
  }
  useEffect(() => {
    let on = true
    setWrong('')
    load([], '', () => on)
    return () => { on = false }
  }, [def.name, q, state, stale])

  const file = (ext: string) => `/api/v1/export/${def.name}.${ext}?q=${encodeURIComponent(q)}`
  return (
    <>
      <h1>{word(def.label, def.name)}</h1>
      <div class="row tools">
        <label class="grow">{t('search')}<input type="search" value={q} onChange={e => setQ(e.currentTarget.value)} /></label>
        {def.workflow && <label>{t('state')}<select value={state} onChange={e => setState(e.currentTarget.value)}>
          <option value="">{t('any')}</option>{Object.keys(def.workflow.states).map(s => <option key={s} value={s}>{word(def.workflow && def.workflow.states[s], s)}</option>)}</select></label>}
        {def.fresh_days && <label class="check"><input type="checkbox" checked={stale} onChange={e => setStale(e.currentTarget.checked)} /> {t('stale_only', { n: def.fresh_days })}</label>}
        {def.can.create && <a class="button primary" href={`/${def.name}/new`}>{t('add')}</a>}
        {def.can.create && !def.log && <a class="button" href={`/${def.name}/import`}>{t('import')}</a>}
        <a class="button" href={file('csv')} download>{t('export_csv')}</a>
        <button type="button" onClick={() => window.print()}>{t('print')}</button>
      </div>
      {wrong && <p class="error" role="alert">{wrong}</p>}
      {!page && !wrong && <p role="status">{t('loading')}</p>}
      {page && page.items.length === 0 && <p class="quiet">{t('empty')}</p>}
      {page && page.items.length > 0 && <div class="scroll" tabIndex={0} role="region" aria-label={word(def.label)}><table>
        <thead><tr>{fields.map(f => <th scope="col" key={f.name}>{word(f.label, f.name)}</th>)}
          {def.workflow && <th scope="col">{t('state')}</th>}</tr></thead>
        <tbody>{page.items.map(r => <tr key={r.id}>
          {fields.map((f, i) => <td key={f.name}>{i === 0
            ? <a href={`/${def.name}/${r.id}`}>{show(r.f[f.name], f, module, r) || r.id}</a>
            : show(r.f[f.name], f, module, r)}</td>)}
          {def.workflow && <td>{word(def.workflow.states[r.state || ''], r.state)}{r.provisional && ' · ' + t('provisional')}</td>}
        </tr>)}</tbody>
      </table></div>}
      {page && page.next && <button type="button" onClick={() => load(page.items, page.next || '', () => true)}>{t('more')}</button>}
    </>
  )
}
