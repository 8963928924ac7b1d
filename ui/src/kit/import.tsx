// A spreadsheet in: every row is judged first, with what it would change; what is right is saved after a look, what is left out comes
// back as a spreadsheet that says why.
import { useState } from 'preact/hooks'
import { ApiError, fetched, post, said } from '../app/api'
import type { Collection } from '../app/types'
import { t, word } from '../i18n'
import type { Label } from '../i18n'
import { w } from '../i18n/import'
import { Icon } from './icon'
import { Progress, useProgress } from './progress'
import { Waiting } from './state'

type Verdict = 'ok' | 'same' | 'changed' | 'warning' | 'error' | 'duplicate'
interface Message extends Label { field: string; info?: boolean }
interface Row { no: number; status: Verdict; messages: Message[]; cells: string[] }
interface Preview {
  columns: { header: string; field: string }[]; foreign: string[]; missing: Label[]; counts: Record<Verdict, number>
  others: (Label & { added: number; changed: number })[]; rows: Row[]; total: number; saved: number; run?: string
}
const ORDER: Verdict[] = ['error', 'warning', 'duplicate', 'changed', 'ok', 'same']
const LEFT: Verdict[] = ['error', 'warning', 'duplicate']
const SIZE = 50
const FILE_MAX = 9 << 20
const tone = (v: Verdict) => (v === 'error' || v === 'duplicate' ? 'chip chip-bad' : v === 'warning' ? 'chip tone-warn' : 'chip')

function Rows({ got, only }: { got: Preview; only: Verdict | '' }) {
  const [at, setAt] = useState(0)
  const rows = only ? got.rows.filter(r => r.status === only) : got.rows
  const page = rows.slice(at, at + SIZE)
  return <>
    <div class="scroll" tabIndex={0} role="region" aria-label={w('found')}><table>
      <thead><tr><th scope="col" class="num">{w('row')}</th><th scope="col">{w('found')}</th>{got.columns.map(c => <th scope="col" key={c.field}>{c.header}</th>)}</tr></thead>
      <tbody>{page.map(r => <tr key={r.no}><td class="num">{r.no}</td>
        <td class="said"><span class={tone(r.status)}>{w(r.status)}</span>{r.messages.map((m, i) => <p class={m.info ? 'quiet' : 'error'} key={i}>{word(m)}</p>)}</td>
        {r.cells.map((c, i) => <td key={i}>{c}</td>)}</tr>)}</tbody>
    </table></div>
    {rows.length > SIZE && <nav class="pager" aria-label={t('pages')}>
      <button type="button" disabled={at === 0} onClick={() => setAt(at - SIZE)}><Icon name="back" />{t('page_before')}</button>
      <span role="status">{t('page_of', { from: at + 1, to: at + page.length, n: rows.length })}</span>
      <button type="button" disabled={at + SIZE >= rows.length} onClick={() => setAt(at + SIZE)}>{t('page_after')}<Icon name="next" /></button></nav>}
    {got.rows.length < got.total && <p class="quiet">{w('shown', { n: got.rows.length })}</p>}
  </>
}

function Found({ got }: { got: Preview }) {
  return <>
    {got.missing.length > 0 && <p class="error" role="alert">{w('missing', { what: got.missing.map(m => word(m)).join('、') })}</p>}
    {got.others.length > 0 && <p>{w('others', { what: got.others.map(o => w('other', { what: word(o), added: o.added, changed: o.changed })).join('；') })}</p>}
    {got.foreign.length > 0 && <p class="quiet">{w('foreign', { what: got.foreign.join('、') })}</p>}
  </>
}

export function Import({ def }: { def: Collection }) {
  const [file, setFile] = useState<File | null>(null)
  const [got, setGot] = useState<Preview | null>(null)
  const [only, setOnly] = useState<Verdict | ''>('')
  const [keep, setKeep] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState(false)
  const progress = useProgress()

  const url = (f: File, more: string) => `/import?collection=${def.name}&file=${encodeURIComponent(f.name)}${keep ? '&keep=' + encodeURIComponent(keep) : ''}${more}`
  const say = (e: unknown, commit: boolean) => setWrong(e instanceof ApiError && e.status === 0 && commit ? w('cut') : said(e))
  async function send(chosen: File, commit: boolean) {
    setBusy(true)
    setWrong('')
    try {
      setGot(await post<Preview>(url(chosen, `${commit ? '&commit=1' : ''}&key=${progress.begin()}`), chosen))
      setOnly('')
      setDone(commit)
    } catch (e) { say(e, commit) }
    progress.end()
    setBusy(false)
  }
  function choose(e: Event) {
    const list = (e.currentTarget as HTMLInputElement).files
    const first = list && list[0]
    if (!first) return
    setGot(null)
    setDone(false)
    setFile(first)
    if (first.size > FILE_MAX) setWrong(w('too_large'))
    else send(first, false)
  }
  async function download(f: File) {
    setBusy(true)
    try {
      await fetched(url(f, '&refused=1'), f, `${f.name.replace(/\.\w+$/, '')}-${w('error')}.xlsx`)
    } catch (e) { say(e, false) }
    setBusy(false)
  }
  const saves = got ? got.counts.ok + got.counts.changed : 0
  const left = got ? LEFT.reduce((n, v) => n + got.counts[v], 0) : 0
  return <>
    <p class="crumb"><a href={'/' + def.name}><Icon name="back" />{word(def.label, def.name)}</a></p>
    <h1>{t('import')} · {word(def.label, def.name)}</h1>
    <section class="card form">
      <label for="import-file">{w('choose')}</label><div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{file ? file.name : t('file_one')}</span><input id="import-file" type="file" accept=".xlsx,.csv" disabled={busy} onChange={choose} /></div>
      {got && (got.counts.warning > 0 || keep) && !done && <label>{w('keep')}<input value={keep} onInput={e => setKeep(e.currentTarget.value)} onChange={() => file && send(file, false)} /></label>}
    </section>
    {busy && (progress.far ? <Progress far={progress.far} /> : <Waiting />)}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {got && file && <>
      <Found got={got} />
      {done && <p class="card" role="status"><b>{w('saved', { n: got.saved })}</b> <a href={'/' + def.name}>{w('list')}</a>{got.run && <> · <a href={'/import_run/' + got.run}>{w('see')}</a></>}</p>}
      <div class="row">
        {!done && <button type="button" class="primary" disabled={busy || saves === 0} onClick={() => send(file, true)}>{saves === 0 ? w('nothing') : w('save_n', { n: saves })}</button>}
        {left > 0 && <button type="button" disabled={busy} onClick={() => download(file)}><Icon name="download" />{w('refused', { n: left })}</button>}
      </div>
      {left > 0 && <p class="quiet">{w('mend')}</p>}
      <p><button type="button" class="chip" aria-pressed={only === ''} onClick={() => setOnly('')}>{w('all', { n: got.total })}</button>
        {ORDER.filter(v => got.counts[v] > 0).map(v => <button type="button" class={tone(v)} key={v} aria-pressed={only === v} onClick={() => setOnly(only === v ? '' : v)}>{w(v)} {got.counts[v]}</button>)}</p>
      <Rows key={only + got.saved + got.total} got={got} only={only} /></>}
  </>
}
