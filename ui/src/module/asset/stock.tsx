// Stocktakes: which are under way, one with all its assets, and the buttons that an asset's own page has while one is.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { go, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/asset'
import { every } from '../../kit/every'
import { Pick } from '../../kit/pick'
import { Empty, Waiting } from '../../kit/state'
import { numbered, stamp } from '../../kit/value'
import { codesOf } from '../codes'
import type { PanelProps, ScreenProps } from '..'

interface Page { items: Rec[]; next: string | null }
const FOUND = ['yes', 'moved', 'damaged', 'missing'] as const
const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])
const title = (r: Rec, name: string) => (r.refs && r.refs[name] && r.refs[name][text(r, name)]) || ''

/** The buttons that note one asset in a stocktake. */
function Note({ take, asset, onDone }: { take: Rec; asset: string; onDone: (found: string) => void }) {
  const [moved, setMoved] = useState(false)
  const [place, setPlace] = useState('')
  const [note, setNote] = useState('')
  const [wrong, setWrong] = useState('')
  async function send(found: string) {
    setWrong('')
    try {
      const f: Record<string, unknown> = { stocktake: take.id, asset, found }
      if (place) f.place = place
      if (note.trim()) f.note = note
      await call('POST', '/stocktake_row', f, { 'Idempotency-Key': newKey() })
      onDone(found)
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(e.fields.length > 0 ? word(e.fields[0]) : word(e))
    }
  }
  return <div>
    <div class="row" role="group" aria-label={w('count')}>{FOUND.map(f => <button type="button" key={f} class={f === 'yes' ? 'primary' : ''}
      onClick={() => (f === 'moved' && place === '' ? setMoved(true) : void send(f))}>{w(f)}</button>)}</div>
    {moved && <div class="field"><label for={'where-' + asset}>{w('where')}</label><Pick id={'where-' + asset} to="premises" value={place} onInput={setPlace} /></div>}
    {moved && <label>{w('note')}<input value={note} onInput={e => setNote(e.currentTarget.value)} /></label>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </div>
}

/** On an asset's page, where its QR label leads. */
export function AssetPanel({ rec, onDone }: PanelProps) {
  const [takes, setTakes] = useState<Rec[]>([])
  const [noted, setNoted] = useState<Record<string, string>>({})
  useEffect(() => { void call<Page>('GET', '/stocktake?state=open&limit=20').then(p => setTakes(p.items), () => undefined) }, [rec.id])
  const fits = takes.filter(s => (!s.f.class || s.f.class === rec.f.class))
  return <>{fits.map(s => <section class="card" key={s.id} aria-label={w('count')}><h2>{w('in_stock', { what: text(s, 'scope') })}</h2>
    {noted[s.id] ? <p role="status"><span class="chip">{w('noted')}：{word(codesOf('found').find(c => c.code === noted[s.id]))}</span></p>
      : <Note take={s} asset={rec.id} onDone={found => { setNoted({ ...noted, [s.id]: found }); onDone() }} />}</section>)}
    <p class="row noprint"><a class="button" href={'/labels/' + rec.id}>{w('labels')}</a></p></>
}

function One({ id }: { id: string }) {
  const [take, setTake] = useState<Rec | null>(null)
  const [assets, setAssets] = useState<Rec[]>([])
  const [rows, setRows] = useState<Record<string, string>>({})
  const [wrong, setWrong] = useState('')
  async function load() {
    try {
      const s = await call<Rec>('GET', '/stocktake/' + id)
      const filter = (s.f.class ? '&class=' + text(s, 'class') : '') + (s.f.place ? '&place=' + text(s, 'place') : '')
      setAssets((await every('/asset?sort=id' + filter)).filter(a => a.state !== 'disposed'))
      const found: Record<string, string> = {}
      for (const r of await every('/stocktake_row?sort=id&stocktake=' + id)) found[text(r, 'asset')] = text(r, 'found')
      setRows(found)
      setTake(s)
    } catch (e) {
      setWrong(word(e as { zh: string; en: string }))
    }
  }
  useEffect(() => { void load() }, [id])
  if (!take) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const left = assets.filter(a => rows[a.id] === undefined)
  const done = assets.filter(a => rows[a.id] !== undefined)
  return <article>
    <p class="noprint"><a href="/stock">{w('stock')}</a></p>
    <h1>{w('stock')}：{text(take, 'scope')} <span class="chip">{text(take, 'date')}</span></h1>
    <p role="status">{w('counted', { n: done.length, all: assets.length })}</p>
    <div class="row noprint"><button type="button" onClick={() => window.print()}>{w('sheet')}</button><a class="button primary" href={'/stocktake/' + id}>{w('finish')}</a></div>
    <p class="quiet noprint">{w('scan')}</p>
    <h2>{w('left')} <span class="count">{left.length}</span></h2>
    <ul class="plain card noprint">{left.slice(0, 200).map(a => <li key={a.id}><p><a href={'/asset/' + a.id}>{text(a, 'name')}</a> <span class="quiet">{[numbered(text(a, 'no')).no || text(a, 'no'), title(a, 'place')].filter(x => x).join(' · ')}</span></p>
      {take.state === 'open' && <Note take={take} asset={a.id} onDone={found => setRows({ ...rows, [a.id]: found })} />}</li>)}</ul>
    {done.length > 0 && <h2 class="noprint">{w('done')} <span class="count">{done.length}</span></h2>}
    <div class="scroll" tabIndex={0} role="region" aria-label={w('stock')}><table><thead><tr><th scope="col">{w('no')}</th><th scope="col">{w('name')}</th><th scope="col">{w('place')}</th><th scope="col">{w('result')}</th></tr></thead>
      <tbody>{assets.map(a => <tr key={a.id} class={rows[a.id] === undefined ? 'onlyprint-row' : ''}><td>{text(a, 'no')}</td><td>{text(a, 'name')}</td><td>{title(a, 'place')}</td>
        <td>{rows[a.id] ? word(codesOf('found').find(c => c.code === rows[a.id])) : '☐'}</td></tr>)}</tbody></table></div>
    <p class="onlyprint">{w('sign')}</p>
    <p class="quiet">{session.value ? session.value.node.name : ''} · {w('printed')} {stamp(Date.now())}</p>
  </article>
}

export function Stock({ args }: ScreenProps) {
  const [takes, setTakes] = useState<Rec[] | null>(null)
  const [scope, setScope] = useState('')
  const [cls, setCls] = useState('')
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    if (!args[0]) void call<Page>('GET', '/stocktake?state=open,counted&limit=50').then(p => setTakes(p.items), e => setWrong(word(e)))
  }, [args[0]])
  if (args[0]) return <One id={args[0]} />
  async function start(e: Event) {
    e.preventDefault()
    try {
      const f: Record<string, unknown> = { scope }
      if (cls) f.class = cls
      go('/stock/' + (await call<Rec>('POST', '/stocktake', f, { 'Idempotency-Key': newKey() })).id)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(err.fields.length > 0 ? word(err.fields[0]) : word(err))
    }
  }
  return <>
    <h1>{w('stock')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <section class="card"><h2>{w('open')}</h2>{!takes ? <Waiting lines={2} /> : takes.length === 0 ? <Empty text={w('none')} icon="box" />
      : <ul class="plain">{takes.map(s => <li key={s.id}><a class="item" href={'/stock/' + s.id}><span class="item-main">{text(s, 'scope')}</span><span class="quiet">{text(s, 'date')}</span></a></li>)}</ul>}</section>
    <form class="card form" onSubmit={start}><h2>{w('start')}</h2>
      <label>{w('scope')}<input value={scope} required placeholder={w('scope_hint')} onInput={e => setScope(e.currentTarget.value)} /></label>
      <label>{w('class')}<select value={cls} onChange={e => setCls(e.currentTarget.value)}><option value="">{w('any_class')}</option>{codesOf('asset_class').map(c => <option key={c.code} value={c.code}>{word(c)}</option>)}</select></label>
      <button class="primary" disabled={scope.trim() === ''}>{w('start')}</button></form>
    <p><a class="button" href="/labels">{w('all_labels')}</a></p>
  </>
}

/** A sheet of labels: a plain address in the code, so that any phone's camera opens the asset. */
export function Labels({ args }: ScreenProps) {
  const [cls, setCls] = useState('')
  const [assets, setAssets] = useState<Rec[] | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    const one = args[0] ? call<Rec>('GET', '/asset/' + args[0]).then(r => [r]) : every('/asset?sort=id' + (cls ? '&class=' + cls : ''), 400)
    one.then(list => setAssets(list.filter(a => a.state !== 'disposed')), e => setWrong(word(e)))
  }, [args[0], cls])
  return <>
    <div class="noprint"><h1>{w('labels')}</h1>
      <div class="row">{!args[0] && <label>{w('class')}<select value={cls} onChange={e => setCls(e.currentTarget.value)}><option value="">{w('any_class')}</option>
        {codesOf('asset_class').map(c => <option key={c.code} value={c.code}>{word(c)}</option>)}</select></label>}
        <button type="button" class="primary" onClick={() => window.print()}>{t('print')}</button></div>
      {assets && assets.length > 200 && <p class="quiet">{w('too_many')}</p>}</div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!assets && !wrong && <Waiting />}
    <ul class="labels">{(assets || []).slice(0, 200).map(a => <li key={a.id}><img src={'/api/v1/qr?text=' + encodeURIComponent(`${location.origin}/asset/${a.id}`)} alt={w('label') + ' ' + text(a, 'name')} width="96" height="96" />
      <span><b>{text(a, 'name')}</b><br />{text(a, 'no')}<br />{title(a, 'place') && <>{title(a, 'place')}<br /></>}{session.value ? session.value.node.name : ''}</span></li>)}</ul>
  </>
}
