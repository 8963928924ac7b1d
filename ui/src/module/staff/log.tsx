// 记一笔: what was done, in three taps; and the month's report, which prints itself from the log.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { session } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/work'
import { Pick } from '../../kit/pick'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { CHINA_MS, today } from '../../kit/when'
import { every } from '../../kit/every'
import { codesOf } from '../codes'
import type { ScreenProps } from '..'

const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])
const title = (r: Rec, name: string) => (r.refs && r.refs[name] && r.refs[name][text(r, name)]) || ''
const kindWord = (code: string) => word(codesOf('work_kind').find(c => c.code === code), code)
const me = () => (session.value && session.value.account ? session.value.account.id : '')

function Today({ seq }: { seq: number }) {
  const [rows, setRows] = useState<Rec[]>([])
  useEffect(() => { void call<{ items: Rec[] }>('GET', `/work_log?worker=${me()}&date=${today()}&limit=20`).then(p => setRows(p.items), () => undefined) }, [seq])
  return rows.length === 0 ? null : <section class="card"><h2>{w('today')} <span class="count">{rows.length}</span></h2>
    <ul class="plain">{rows.map(r => <li key={r.id}><a class="item" href={'/work_log/' + r.id}><span class="item-main"><span class="item-title">{kindWord(text(r, 'kind'))}</span><span class="item-sub">{text(r, 'body')}</span></span></a></li>)}</ul></section>
}

export function Log({ args }: ScreenProps) {
  const [kind, setKind] = useState(args[0] || '')
  const [body, setBody] = useState('')
  const [minutes, setMinutes] = useState('')
  const [person, setPerson] = useState('')
  const [wrong, setWrong] = useState('')
  const [saved, setSaved] = useState(0)
  const [key, setKey] = useState(newKey)
  async function send(e: Event) {
    e.preventDefault()
    setWrong('')
    try {
      const f: Record<string, unknown> = { kind, body, date: today() }
      if (/^\d+$/.test(minutes)) f.minutes = Number(minutes)
      if (person) f.person = person
      await call('POST', '/work_log', f, { 'Idempotency-Key': key })
      setKey(newKey())
      setBody('')
      setMinutes('')
      setPerson('')
      setKind('')
      setSaved(saved + 1)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(err.fields.length > 0 ? word(err.fields[0]) : word(err))
    }
  }
  return <>
    <h1>{w('log')}</h1>
    {saved > 0 && kind === '' && <p role="status"><span class="chip">{w('saved')}</span></p>}
    <div class="tiles" role="group" aria-label={w('kind')}>{codesOf('work_kind').map(c =>
      <button type="button" class={'tile' + (c.code === kind ? ' primary' : '')} aria-pressed={c.code === kind} key={c.code} onClick={() => setKind(c.code)}>{word(c)}</button>)}</div>
    {kind !== '' && <form class="card form" onSubmit={send}>
      <label>{kindWord(kind)} · {w('body')}<textarea rows={3} value={body} onInput={e => setBody(e.currentTarget.value)} /></label>
      <div class="field"><label for="log-person">{w('person')}</label><Pick id="log-person" to="person" value={person} onInput={setPerson} /></div>
      <label>{w('minutes')}<input inputMode="numeric" value={minutes} onInput={e => setMinutes(e.currentTarget.value)} /></label>
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary" disabled={body.trim() === ''}>{w('save')}</button></form>}
    <Today seq={saved} />
    <p><a class="button" href="/report">{w('report')}</a></p>
  </>
}

const months = () => Array.from({ length: 12 }, (_, i) => { const d = new Date(Date.now() + CHINA_MS); d.setUTCDate(1); d.setUTCMonth(d.getUTCMonth() - i); return d.toISOString().slice(0, 7) })

export function Report({ args }: ScreenProps) {
  const [month, setMonth] = useState(args[0] || months()[0])
  const [rows, setRows] = useState<Rec[] | null>(null)
  const [tasks, setTasks] = useState<Rec[]>([])
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    const until = `${month}-31`
    every(`/work_log?worker=${me()}&date.gte=${month}-01&date.lte=${until}&sort=date`).then(r => on && setRows(r), e => on && setWrong(word(e)))
    every(`/task?assignee=${me()}&due.gte=${month}-01&due.lte=${until}&sort=due`).then(r => on && setTasks(r), () => undefined)
    return () => { on = false }
  }, [month])
  const kinds = codesOf('work_kind').map(c => {
    const of = (rows || []).filter(r => r.f.kind === c.code)
    return { c, n: of.length, min: of.reduce((s, r) => s + Number(r.f.minutes || 0), 0) }
  }).filter(k => k.n > 0)
  const people = new Set((rows || []).filter(r => r.f.kind === 'visit' && r.f.person).map(r => text(r, 'person'))).size
  const done = tasks.filter(x => x.state === 'done' || x.state === 'checked').length
  const late = tasks.filter(x => x.state !== 'done' && x.state !== 'checked' && text(x, 'due') < today()).length
  const who = session.value && session.value.account ? session.value.account.shown_name : ''
  return <article class="sheet">
    <div class="row noprint"><label>{w('month')}<select value={month} onChange={e => setMonth(e.currentTarget.value)}>{months().map(m => <option key={m} value={m}>{m}</option>)}</select></label>
      <button type="button" class="primary" onClick={() => window.print()}>{w('print')}</button></div>
    <h1>{w('of', { who, month })}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!rows ? <Waiting /> : <>
      <h2>{w('by_kind')}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={w('by_kind')}><table class="grid"><thead><tr><th scope="col">{w('kind')}</th><th scope="col">{w('number')}</th><th scope="col">{w('minutes')}</th></tr></thead>
        <tbody>{kinds.map(k => <tr key={k.c.code}><td>{word(k.c)}</td><td>{k.n}</td><td>{k.min}</td></tr>)}
          <tr><th scope="row">{w('total')}</th><td>{rows.length}</td><td>{kinds.reduce((s, k) => s + k.min, 0)}</td></tr></tbody></table></div>
      <p>{w('people')}：{people}　{w('tasks')}：{tasks.length}（{w('on_time')} {done}，{w('late')} {late}）</p>
      <h2>{w('details')}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={w('details')}><table class="grid"><thead><tr><th scope="col">{w('day')}</th><th scope="col">{w('kind')}</th><th scope="col">{w('body')}</th><th scope="col">{w('minutes')}</th></tr></thead>
        <tbody>{rows.map(r => <tr key={r.id}><td>{text(r, 'date')}</td><td>{kindWord(text(r, 'kind'))}</td><td>{title(r, 'person')} {text(r, 'body')}</td><td>{text(r, 'minutes')}</td></tr>)}</tbody></table></div>
      <p class="signature">{w('sign')}</p></>}
    <p class="quiet foot">{session.value ? session.value.node.name : ''} · {w('printed')} {stamp(Date.now())}</p>
  </article>
}
