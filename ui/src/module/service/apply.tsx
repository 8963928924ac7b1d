// The application form of a service: its own fields, those bound to the registry already filled (R7), for oneself or for another.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { go, session } from '../../app/state'
import type { FieldError } from '../../app/api'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/service'
import { Files, type FileValue } from '../../kit/files'
import { Pick } from '../../kit/pick'
import { Icon } from '../../kit/icon'

export interface Entry { key: string; label: string; type: string; required?: boolean; choices?: string[]; bound_to?: string }
export const entries = (item: Rec): Entry[] => (Array.isArray(item.f.form) ? item.f.form as Entry[] : [])

interface InputProps { id: string; entry: Entry; value: string; bad: boolean; onInput: (v: string) => void }
function Input({ id, entry, value, bad, onInput }: InputProps) {
  const common = { id, value, required: entry.required, 'aria-invalid': bad ? true : undefined }
  if (entry.type === 'text') return <textarea {...common} rows={4} onInput={e => onInput(e.currentTarget.value)} />
  const choices = entry.type === 'bool' ? [t('yes'), t('no')] : entry.type === 'choice' ? entry.choices || [] : []
  if (choices.length > 0) return <select {...common} onChange={e => onInput(e.currentTarget.value)}>
    <option value="">{t('choose')}</option>{choices.map(c => <option key={c} value={c}>{c}</option>)}</select>
  return <input {...common} inputMode={entry.type === 'int' ? 'numeric' : undefined} placeholder={entry.type === 'date' ? '2026-01-31' : undefined} onInput={e => onInput(e.currentTarget.value)} />
}

/** Who the application may be for: oneself, a principal, or for staff anybody. */
function Applicant({ person, onChange }: { person: string; onChange: (id: string) => void }) {
  const s = session.value
  if (!s || !s.account) return null
  if (s.staff) return <div class="field"><label for="a-person">{w('applicant')}</label><Pick id="a-person" to="person" value={person} required onInput={onChange} /></div>
  const own = s.account.person || ''
  const others = (s.principals || []).filter(p => p.scope.indexOf('all') >= 0 || p.scope.indexOf('service') >= 0)
  if (others.length === 0) return null
  return <div class="field"><label for="a-person">{w('applicant')}</label><select id="a-person" value={person} onChange={e => onChange(e.currentTarget.value)}>
    <option value={own}>{t('myself')}</option>{others.map(p => <option key={p.person} value={p.person}>{p.name || p.person}</option>)}</select></div>
}

export function Apply({ item }: { item: Rec }) {
  const s = session.value
  const [person, setPerson] = useState(s && !s.staff && s.account ? s.account.person || '' : '')
  const [bound, setBound] = useState<Record<string, string>>({})
  const [form, setForm] = useState<Record<string, string>>({})
  const [phone, setPhone] = useState('')
  const [files, setFiles] = useState<FileValue[]>([])
  const [made, setMade] = useState('') // the draft, once it stands
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)
  useEffect(() => {
    let on = true
    if (!person) return
    call<{ fields: Record<string, string> }>('GET', `/service_item/${item.id}/bound?person=${person}`)
      .then(b => on && setBound(b.fields), () => on && setBound({}))
    return () => { on = false }
  }, [person, item.id])
  const list = entries(item)
  const value = (e: Entry) => (form[e.key] !== undefined ? form[e.key] : bound[e.key] || '')

  async function submit(e: Event) {
    e.preventDefault()
    if (busy) return
    setWrong('')
    setBad([])
    if (!person) return setWrong(w('choose_person'))
    setBusy(true)
    const filled: Record<string, string> = {}
    for (const x of list) if (value(x) !== '') filled[x.key] = value(x)
    const set: Record<string, unknown> = { form: filled }
    if (files.length > 0) set.files = files.map(f => ({ sha: f.sha }))
    if (phone) set.phone = phone
    try {
      const id = made || (await call<Rec>('POST', '/application', { item: item.id, person, ...(s && s.staff ? { channel: 'counter' } : {}) }, { 'Idempotency-Key': key })).id
      setMade(id)
      await call('POST', `/application/${id}/steps`, { action: 'submit', set })
      go('/application/' + id)
    } catch (err) {
      setBusy(false)
      if (!(err instanceof ApiError)) throw err
      setBad(err.fields)
      setWrong(err.status === 0 ? t('unreachable') : word(err))
    }
  }
  const prefilled = list.some(e => bound[e.key] !== undefined)
  return <form class="card form" onSubmit={submit} noValidate>
    <p class="crumb"><a href={'/services/' + item.id}><Icon name="back" />{String(item.f.name)}</a></p>
    <h1>{w('apply')}</h1>
    <Applicant person={person} onChange={id => { setPerson(id); setForm({}); setBound({}) }} />
    {prefilled && <p class="quiet note">{w('from_registry')}</p>}
    {list.map(x => <div class="field" key={x.key}><label for={'a-' + x.key}>{x.label}{x.required && <span class="quiet"> · {t('required')}</span>}</label>
      <Input id={'a-' + x.key} entry={x} value={value(x)} bad={bad.some(b => b.field === 'form' && b.zh.indexOf(x.label) >= 0)} onInput={v => setForm({ ...form, [x.key]: v })} /></div>)}
    <div class="field"><label for="a-phone">{w('phone')}</label><input id="a-phone" inputMode="tel" autocomplete="off" value={phone} onInput={e => setPhone(e.currentTarget.value)} /></div>
    <div class="field"><label for="a-files">{w('attach')}</label><Files id="a-files" value={files} single={false} bad={false} onChange={setFiles} /></div>
    {bad.filter(b => b.field !== '').map(b => <p class="error" key={b.zh}>{word(b)}</p>)}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <button class="primary" disabled={busy}>{w('submit')}</button>
  </form>
}
