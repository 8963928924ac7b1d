// 走访单: who is to be visited soon, house by house, to take along on paper: with a box to tick, and with telephones once a purpose is on record.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { narrow } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/work'
import { every } from '../../kit/every'
import { Icon } from '../../kit/icon'
import { PrintFoot } from '../../kit/printfoot'
import { Empty, Waiting } from '../../kit/state'
import { due, today } from '../../kit/when'
import type { ScreenProps } from '..'

const DAY = 864e5
const SPANS = [0, 7, 14, 30]
const AT_ONCE = 50 // persons asked for in one address
interface Visit { tag: string; person: string; name: string; home: string; by: string; last: string }
const named = (r: Rec, field: string) => (r.refs && r.refs[field] && r.refs[field][String(r.f[field])]) || ''
const inHouses = (a: Visit, b: Visit) => (a.home === '' ? 1 : 0) - (b.home === '' ? 1 : 0) || a.home.localeCompare(b.home, 'zh', { numeric: true }) || (a.by < b.by ? -1 : 1)

async function read(days: number): Promise<Visit[]> {
  const tags = await every(`/care_tag?sort=visit_by&visit_by.lte=${today(Date.now() + days * DAY)}`)
  const due: Visit[] = []
  for (const r of tags) { // once, who stands in two tags
    const person = String(r.f.person)
    if (!due.some(d => d.person === person)) due.push({ tag: r.id, person, name: named(r, 'person'), home: '', by: String(r.f.visit_by), last: String(r.f.visited || '') })
  }
  for (let i = 0; i < due.length; i += AT_ONCE) {
    const some = due.slice(i, i + AT_ONCE)
    for (const r of await every('/residence?person=' + some.map(d => d.person).join(',')))
      for (const d of some) if (d.person === r.f.person && (!r.f.ends || String(r.f.ends) >= today()) && (r.f.kind === 'actual' || d.home === '')) d.home = named(r, 'dwelling')
  }
  return due.sort(inHouses)
}

export function Visits(_: ScreenProps) {
  const [days, setDays] = useState(7)
  const [rows, setRows] = useState<Visit[] | null>(null)
  const [phones, setPhones] = useState<Record<string, string> | null>(null)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    setRows(null)
    setPhones(null)
    read(days).then(r => on && setRows(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [days])
  const short = narrow.value // a phone has room for what to do next
  async function ask() {
    const got: Record<string, string> = {}
    setBusy(true)
    setWrong('')
    try {
      for (const r of rows || []) got[r.person] = String((await call<{ fields: Record<string, unknown> }>('POST', `/person/${r.person}/unmask`, { fields: ['phone'], purpose: 'visit' })).fields.phone || '')
      setPhones(got)
    } catch (e) {
      setWrong(word(e as { zh: string; en: string }))
    }
    setBusy(false)
  }
  return <>
    <div class="list-head"><h1>{w('visits')}{rows && <> <span class="count">{rows.length}</span></>}</h1><div class="row no-print">
      {rows && rows.length > 0 && !phones && <button type="button" disabled={busy} onClick={() => void ask()}><Icon name="help" />{w('with_phones')}</button>}
      {rows && rows.length > 0 && <button type="button" class="primary" disabled={busy} onClick={() => window.print()}><Icon name="print" />{t('print')}</button>}</div></div>
    <div class="row no-print"><label>{w('due_within')} <select value={String(days)} onChange={e => setDays(Number(e.currentTarget.value))}>
      {SPANS.map(n => <option key={n} value={String(n)}>{n === 0 ? w('due_now') : w('n_days', { n })}</option>)}</select></label>
      <a href="/care_tag">{w('all_tags')}</a></div>
    {rows && rows.length > 0 && !phones && <p class="quiet no-print">{w('phones_why')}</p>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!rows ? !wrong && <Waiting lines={8} /> : rows.length === 0 ? <div class="card"><Empty text={w('nobody_due')} /></div>
      : <section class="sheet"><div class="scroll" tabIndex={0} role="region" aria-label={w('visits')}><table class="grid">
        <thead><tr><th scope="col" class="onlyprint">√</th><th scope="col">{w('name')}</th><th scope="col">{w('home')}</th>{phones && <th scope="col">{w('phone')}</th>}
          <th scope="col">{w('visit_due')}</th>{!short && <th scope="col">{w('last_visit')}</th>}<th scope="col" class="onlyprint">{t('note')}</th></tr></thead>
        <tbody>{rows.map(r => <tr key={r.tag}><td class="onlyprint">☐</td><th scope="row"><a href={'/care_tag/' + r.tag}>{r.name}</a></th><td>{r.home || w('no_home')}</td>
          {phones && <td>{phones[r.person] ? <a href={'tel:' + phones[r.person]}>{phones[r.person]}</a> : w('no_number')}</td>}
          <td class={r.by < today() ? 'late' : undefined}>{short ? due(undefined, r.by) : r.by}</td>{!short && <td>{r.last || w('never')}</td>}<td class="onlyprint wide-note" /></tr>)}</tbody></table></div></section>}
    <PrintFoot />
  </>
}
