// On somebody who is looked after: a visit, noted where one stands.
import { useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection } from '../../app/state'
import { toast } from '../../app/toast'
import { word } from '../../i18n'
import { w } from '../../i18n/work'
import { today } from '../../kit/when'
import type { PanelProps } from '..'

export function CarePanel({ rec, onDone }: PanelProps) {
  const [body, setBody] = useState('')
  const [wrong, setWrong] = useState('')
  const [key, setKey] = useState(newKey)
  const log = collection('work_log')
  if (!log || !log.def.can.create) return null
  async function send(e: Event) {
    e.preventDefault()
    setWrong('')
    try {
      await call('POST', '/work_log', { kind: 'visit', date: today(), person: rec.f.person, body: body.trim() || w('visited_well') }, { 'Idempotency-Key': key })
      setKey(newKey())
      setBody('')
      toast(w('visit_saved'))
      onDone()
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err.fields[0] || err))
    }
  }
  return <form class="card form" onSubmit={send}><h2>{w('visit_now')}</h2>
    <div class="field"><label for="visit-body">{w('body')}</label><textarea id="visit-body" rows={2} placeholder={w('visited_well')} value={body} onInput={e => setBody(e.currentTarget.value)} /></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <button class="primary">{w('visit_done')}</button></form>
}
