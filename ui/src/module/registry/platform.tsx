// Data exchanged with a partner by template files: what differs is shown first, with who is master of it; then taken over or asked about.
import { useEffect, useState } from 'preact/hooks'
import { call, fetched, post, said } from '../../app/api'
import { collection } from '../../app/state'
import type { Code } from '../../app/types'
import { t, word } from '../../i18n'
import type { Label } from '../../i18n'
import { w } from '../../i18n/platform'
import { Icon } from '../../kit/icon'
import { Waiting } from '../../kit/state'

interface Template { partner: string; template: string; collection: string; adds: boolean; columns: (Label & { field: string; master: string })[] }
type Verdict = 'error' | 'ask' | 'take' | 'pair' | 'add' | 'only' | 'same'
interface Row { no: number; status: Verdict; title: string; messages: (Label & { field: string; master?: string })[] }
interface Report { counts: Record<Verdict, number>; here: number; rows: Row[]; foreign: string[]; total: number; taken: number; asked: number; saved: number }
const ORDER: Verdict[] = ['error', 'ask', 'take', 'pair', 'add', 'only', 'same']
const SIZE = 50
const name = (v: Verdict) => w(v === 'take' ? 'take_over' : v)
const tone = (v: Verdict) => (v === 'error' ? 'chip chip-bad' : v === 'ask' || v === 'only' ? 'chip tone-warn' : 'chip')
const codes = (set: string): Code[] => { const found = collection('exchange'); return (found && found.module.codes[set]) || [] }
const label = (set: string, code: string) => word(codes(set).find(c => c.code === code), code)

function Found({ got }: { got: Report }) {
  const [only, setOnly] = useState<Verdict | ''>('')
  const [at, setAt] = useState(0)
  const rows = only ? got.rows.filter(r => r.status === only) : got.rows
  const choose = (v: Verdict | '') => { setOnly(only === v ? '' : v); setAt(0) }
  return <>
    <p><button type="button" class="chip" aria-pressed={only === ''} onClick={() => choose('')}>{w('all', { n: got.total })}</button>
      {ORDER.filter(v => got.counts[v] > 0).map(v => <button type="button" class={tone(v)} key={v} aria-pressed={only === v} onClick={() => choose(v)}>{name(v)} {got.counts[v]}</button>)}</p>
    <p class="quiet">{w('here', { n: got.here })}{got.foreign.length > 0 && <> · {w('foreign', { what: got.foreign.join('、') })}</>}</p>
    <div class="scroll" tabIndex={0} role="region" aria-label={w('found')}><table>
      <thead><tr><th scope="col" class="num">{w('row')}</th><th scope="col">{w('who')}</th><th scope="col">{w('found')}</th></tr></thead>
      <tbody>{rows.slice(at, at + SIZE).map(r => <tr key={r.no}><td class="num">{r.no}</td><td>{r.title}</td>
        <td class="said"><span class={tone(r.status)}>{name(r.status)}</span>{r.messages.map((m, i) => <p class={m.master ? '' : 'error'} key={i}>{word(m)}</p>)}</td></tr>)}</tbody></table></div>
    {rows.length > SIZE && <nav class="pager" aria-label={t('pages')}>
      <button type="button" disabled={at === 0} onClick={() => setAt(at - SIZE)}><Icon name="back" />{t('page_before')}</button>
      <span role="status">{t('page_of', { from: at + 1, to: Math.min(at + SIZE, rows.length), n: rows.length })}</span>
      <button type="button" disabled={at + SIZE >= rows.length} onClick={() => setAt(at + SIZE)}>{t('page_after')}<Icon name="next" /></button></nav>}
  </>
}

export function Platform() {
  const [list, setList] = useState<Template[] | null>(null)
  const [at, setAt] = useState(0)
  const [purpose, setPurpose] = useState('check')
  const [file, setFile] = useState<File | null>(null)
  const [got, setGot] = useState<Report | null>(null)
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState(false)
  const [wrong, setWrong] = useState('')
  const say = (e: unknown) => setWrong(said(e))
  useEffect(() => { call<{ items: Template[] }>('GET', '/exchange/templates').then(x => setList(x.items), say) }, [])
  if (!list) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const one = list[at]
  if (!one) return null
  const asked = `?partner=${one.partner}&template=${one.template}&purpose=${purpose}`
  const masters = (who: string) => one.columns.filter(c => c.master === who && c.field !== 'ext_id').map(c => word(c)).join('、')

  async function work(job: () => Promise<unknown>) {
    setBusy(true)
    setWrong('')
    try { await job() } catch (e) { say(e) }
    setBusy(false)
  }
  const send = (f: File, commit: boolean) => work(async () => {
    setGot(await post<Report>(`/exchange/in${asked}${commit ? '&commit=1' : ''}`, f))
    setDone(commit)
  })
  const give = (format: string) => work(() => fetched(`/exchange/out${asked}&format=${format}`, new Blob([]), `${label('exchange_partner', one.partner)}-${label('exchange_template', one.template)}.${format}`))
  function choose(e: Event) {
    const files = (e.currentTarget as HTMLInputElement).files
    const first = files && files[0]
    if (!first) return
    setFile(first)
    setGot(null)
    send(first, false)
  }
  const does = got ? got.counts.ask + got.counts.take + got.counts.pair + got.counts.add : 0
  return <>
    <h1>{w('title')}</h1>
    <section class="card form">
      <div class="field"><label for="x-template">{w('what')}</label><select id="x-template" value={String(at)} onChange={e => { setAt(Number(e.currentTarget.value)); setGot(null); setFile(null) }}>
        {list.map((x, i) => <option key={i} value={String(i)}>{label('exchange_partner', x.partner)} · {label('exchange_template', x.template)}</option>)}</select></div>
      <div class="field"><label for="x-purpose">{w('purpose')}</label><select id="x-purpose" value={purpose} onChange={e => setPurpose(e.currentTarget.value)}>
        {codes('exchange_purpose').map(c => <option key={c.code} value={c.code}>{word(c)}</option>)}</select></div>
      <p>{w('masters', { partner: masters('partner'), community: masters('community') })} {w(one.adds ? 'adds' : 'tells')}</p>
    </section>
    <section class="card form"><h2>{w('give')}</h2><p>{w('give_what')}</p>
      <div class="row"><button type="button" disabled={busy} onClick={() => give('xlsx')}><Icon name="download" />{t('export_xlsx')}</button><button type="button" disabled={busy} onClick={() => give('csv')}><Icon name="download" />{t('export_csv')}</button></div></section>
    <section class="card form"><h2>{w('take')}</h2><label for="x-file">{w('choose')}</label><div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{file ? file.name : t('file_one')}</span><input key={at} id="x-file" type="file" accept=".xlsx,.csv" disabled={busy} onChange={choose} /></div></section>
    {busy && <p role="status">{w('checking')}</p>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {got && file && <>
      {done && <p class="card" role="status"><b>{w('done', { taken: got.taken, asked: got.asked })}</b> {got.asked > 0 && <a href="/change_request?state=filed">{w('requests')}</a>} · <a href="/exchange">{w('log')}</a></p>}
      <div class="row">{!done && <button type="button" class="primary" disabled={busy || does === 0} onClick={() => send(file, true)}>{does === 0 ? w('nothing') : w('commit')}</button>}
        <button type="button" disabled={busy} onClick={() => work(() => fetched(`/exchange/in${asked}&report=1`, file, w('report') + '.xlsx'))}><Icon name="download" />{w('report')}</button></div>
      <Found key={file.name + got.saved} got={got} /></>}
  </>
}
