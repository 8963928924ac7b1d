// A spreadsheet in: every row is judged first; what is right is saved after a look.
import { useState } from 'preact/hooks'
import { ApiError, post } from '../app/api'
import type { Collection } from '../app/types'
import { t, word } from '../i18n'
import { Icon } from './icon'

interface Row { no: number; status: Verdict; messages: { field: string; zh: string; en: string }[]; f: Record<string, unknown> }
type Verdict = 'ok' | 'same' | 'changed' | 'warning' | 'error' | 'duplicate'
interface Preview { columns: { header: string; field: string }[]; counts: Record<Verdict, number>; rows: Row[]; total: number; saved: number }
const ORDER: Verdict[] = ['ok', 'changed', 'same', 'warning', 'error', 'duplicate']

export function Import({ def }: { def: Collection }) {
  const [file, setFile] = useState<File | null>(null)
  const [got, setGot] = useState<Preview | null>(null)
  const [keep, setKeep] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState(false)

  async function send(chosen: File, commit: boolean) {
    setBusy(true)
    setWrong('')
    try {
      const url = `/import?collection=${def.name}${keep ? '&keep=' + encodeURIComponent(keep) : ''}${commit ? '&commit=1' : ''}`
      setGot(await post<Preview>(url, chosen))
      setDone(commit)
    } catch (e) {
      setWrong(e instanceof ApiError ? word(e) + (e.detail ? ' · ' + e.detail : '') : String(e))
    }
    setBusy(false)
  }
  function choose(e: Event) {
    const list = (e.currentTarget as HTMLInputElement).files
    const first = list && list[0]
    if (!first) return
    setFile(first)
    setDone(false)
    send(first, false)
  }
  const saves = got ? got.counts.ok + got.counts.changed : 0
  return <>
    <p class="crumb"><a href={'/' + def.name}><Icon name="back" />{word(def.label, def.name)}</a></p>
    <h1>{t('import')} · {word(def.label, def.name)}</h1>
    <section class="card form">
      <label for="import-file">{t('import_hint')}</label><div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{file ? file.name : t('file_one')}</span><input id="import-file" type="file" accept=".xlsx,.csv" onChange={choose} /></div>
      {got && got.counts.warning > 0 && !done && <label>{t('keep')}<input value={keep} onInput={e => setKeep(e.currentTarget.value)} onChange={() => file && send(file, false)} /></label>}
    </section>
    {busy && <p role="status">{t('loading')}</p>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {got && <>
      <p role="status">{ORDER.map(v => <span class={v === 'error' || v === 'duplicate' ? 'chip chip-bad' : 'chip'} key={v}>{t(`row_${v}`)} {got.counts[v]}</span>)}</p>
      {done ? <p class="card">{t('saved_rows', { n: got.saved })}</p>
        : <button type="button" class="primary" disabled={busy || saves === 0} onClick={() => file && send(file, true)}>{t('import_now', { n: saves })}</button>}
      <div class="scroll" tabIndex={0} role="region" aria-label={t('import')}><table>
        <thead><tr><th scope="col">{t('row')}</th><th scope="col">{t('state')}</th>{got.columns.map(c => <th scope="col" key={c.field}>{c.header}</th>)}</tr></thead>
        <tbody>{got.rows.slice(0, 200).map(r => <tr key={r.no}><td>{r.no}</td>
          <td><span class={r.status === 'error' || r.status === 'duplicate' ? 'chip chip-bad' : 'chip'}>{t(`row_${r.status}`)}</span>
            {r.messages.map(m => <p class="error" key={m.field}>{word(m)}</p>)}</td>
          {got.columns.map(c => <td key={c.field}>{r.f[c.field] === undefined ? '' : String(r.f[c.field])}</td>)}</tr>)}</tbody>
      </table></div></>}
  </>
}
