// On a help request: claim it. On an activity: join it. On a service record: confirm it.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection, go, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/volunteer'
import { SignPanel } from '../../print/signpanel'
import type { PanelProps } from '..'

const me = () => (session.value && session.value.account && session.value.account.person) || ''
async function told(work: Promise<unknown>, wrong: (text: string) => void): Promise<boolean> {
  try {
    await work
    return true
  } catch (e) {
    if (!(e instanceof ApiError)) throw e
    wrong(word(e.fields[0] || e))
    return false
  }
}

export function HelpPanel({ rec, onDone }: PanelProps) {
  const [wrong, setWrong] = useState('')
  const [sent, setSent] = useState(false)
  const [volunteer, setVolunteer] = useState<Rec | null | undefined>(undefined)
  useEffect(() => {
    let on = true
    if (rec.state === 'open' && me()) call<{ items: Rec[] }>('GET', `/volunteer?person=${me()}&state=active&limit=1`).then(p => on && setVolunteer(p.items[0] || null), () => on && setVolunteer(null))
    return () => { on = false }
  }, [rec.id, rec.state])
  if (rec.state !== 'open' || !me() || rec.f.person === me() || volunteer === undefined) return null
  if (!volunteer) return <p><a class="button" href="/volunteer/new">{w('register')}</a></p>
  const claim = async () => {
    if (await told(call('POST', '/help_offer', { request: rec.id, volunteer: volunteer.id }, { 'Idempotency-Key': newKey() }), setWrong)) { setSent(true); onDone() }
  }
  return <p>{sent ? <span role="status">{w('claimed')}</span> : <button type="button" class="primary" onClick={() => void claim()}>{w('claim')}</button>}
    {wrong && <span class="error" role="alert"> {wrong}</span>}</p>
}

export function ActivityPanel({ rec, onDone }: PanelProps) {
  const needs = (rec.f.needs || {}) as Record<string, string>
  const taken = (rec.f.taken || {}) as Record<string, number>
  const keys = Object.keys(needs)
  const [role, setRole] = useState(keys[0] || 'any')
  const [wrong, setWrong] = useState('')
  const found = collection('activity')
  const roles = (found && found.module.codes.volunteer_role) || []
  if (!me() || (rec.state !== 'open' && rec.state !== 'full')) return <SignPanel rec={rec} onDone={onDone} />
  const join = async () => {
    const body = { activity: rec.id, person: me(), ...(role === 'any' ? {} : { role }) }
    let made = ''
    if (await told(call<Rec>('POST', '/signup', body, { 'Idempotency-Key': newKey() }).then(r => { made = r.id }), setWrong)) go('/signup/' + made)
  }
  return <section class="card"><div class="row">
    {keys.length > 1 && <label>{w('role')}<select value={role} onChange={e => setRole(e.currentTarget.value)}>{keys.map(k => <option key={k} value={k}>{k === 'any' ? w('any_role') : word(roles.find(c => c.code === k), k)} {w('left', { n: Math.max(0, Number(needs[k]) - Number(taken[k] || 0)) })}</option>)}</select></label>}
    <button type="button" class="primary" onClick={() => void join()}>{w('join')}</button></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}</section>
}

export function RecordPanel({ rec, onDone }: PanelProps) {
  const [wrong, setWrong] = useState('')
  const [done, setDone] = useState(false)
  const staff = session.value !== null && session.value.staff === true
  if (!me() && !staff) return null
  const confirm = async () => {
    const kind = staff ? 'statistician' : 'receiver'
    if (await told(call('POST', '/service_check', { record: rec.id, kind, decision: 'confirm' }, { 'Idempotency-Key': newKey() }), setWrong)) { setDone(true); onDone() }
  }
  return <p>{done ? <span role="status">{w('confirmed')}</span> : <button type="button" onClick={() => void confirm()}>{w('confirm')}</button>}
    {wrong && <span class="error" role="alert"> {wrong}</span>}</p>
}
