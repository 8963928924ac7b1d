// 查询办事进程: by number and the last four digits of the telephone, without a login.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { word, type Label } from '../../i18n'
import { w } from '../../i18n/service'
import { stamp } from '../../kit/value'

interface Found {
  no: string; kind: Label; item?: string; created_at: number; state: Label & { code: string }; steps: { at: number; action: string; label: Label }[]
  with?: string; due?: string | number; missing?: { what: string; why?: string }[]; starts?: number
}

export function Told({ found }: { found: Found }) {
  const line = (label: string, value: string) => value !== '' && <div><dt>{label}</dt><dd>{value}</dd></div>
  return <section class="card" aria-live="polite">
    <h2>{word(found.kind)} {found.no}</h2>
    <p><span class="chip">{word(found.state)}</span></p>
    <dl>{line(w('what'), found.item || '')}{line(w('now_with'), found.with || '')}
      {line(w('due'), typeof found.due === 'number' ? stamp(found.due) : found.due || '')}{line(w('when'), found.starts ? stamp(found.starts) : '')}</dl>
    {found.missing && found.missing.length > 0 && <><h2>{w('missing')}</h2><ul>{found.missing.map(m => <li key={m.what}>{m.what}{m.why ? '：' + m.why : ''}</li>)}</ul></>}
    <h2>{w('steps')}</h2>
    <ol><li>{stamp(found.created_at)} {w('filed')}</li>{found.steps.map(s => <li key={s.at + s.action}>{stamp(s.at)} {word(s.label)}</li>)}</ol>
  </section>
}

export function Progress() {
  const given = new URLSearchParams(location.search)
  const [no, setNo] = useState(given.get('no') || '')
  const [phone, setPhone] = useState('')
  const [found, setFound] = useState<Found | null>(null)
  const [wrong, setWrong] = useState('')
  const look = (e: Event) => {
    e.preventDefault()
    setWrong('')
    setFound(null)
    call<Found>('GET', `/progress?no=${encodeURIComponent(no.trim())}&phone=${encodeURIComponent(phone.trim())}`).then(setFound, x => setWrong(word(x)))
  }
  useEffect(() => { document.title = w('progress') }, [])
  return <>
    <h1>{w('progress')}</h1>
    <form class="card form narrow" onSubmit={look}>
      <label>{w('number')}<input value={no} autocomplete="off" name="no" onInput={e => setNo(e.currentTarget.value)} /></label>
      <label>{w('last4')}<input value={phone} autocomplete="off" name="phone" inputMode="numeric" maxLength={4} onInput={e => setPhone(e.currentTarget.value)} /></label>
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary">{w('look')}</button>
    </form>
    {found && <Told found={found} />}
  </>
}
