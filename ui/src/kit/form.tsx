// Adding and correcting a record. What was typed for a new one stays on the device until it is sent.
import { useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { go, session } from '../app/state'
import type { FieldError } from '../app/api'
import type { Collection, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { dropDraft, readDraft, writeDraft } from './draft'
import { Behalf, nobody } from './behalf'
import { begin, editable, Fields, values, type Draft } from './fields'

export function Form({ module, def, rec }: { module: Module; def: Collection; rec?: Rec }) {
  const fields = def.fields.filter(f => editable(f) && !(rec && f.once) && !(rec && rec.masked && rec.masked.indexOf(f.name) >= 0))
  const who = session.value && session.value.account ? session.value.account.id : ''
  const place = who + '/' + def.name
  const [found] = useState(() => (rec ? null : readDraft(place, begin(fields))))
  const [draft, setDraft] = useState<Draft>(() => found || begin(fields, rec))
  const [behalf, setBehalf] = useState(nobody)
  const [keep, setKeep] = useState<Record<string, string>>({})
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)

  function change(d: Draft) {
    setDraft(d)
    if (!rec) writeDraft(place, d)
  }
  async function submit(e: Event) {
    e.preventDefault()
    if (busy) return
    const body = values(fields, draft, rec)
    if (behalf.person) body.on_behalf_of = behalf.person
    if (behalf.channel) body.channel = behalf.channel
    if (Object.keys(keep).length > 0) body._keep = keep
    setWrong('')
    setBad([])
    setBusy(true)
    try {
      const saved = rec
        ? await call<Rec>('PATCH', `/${def.name}/${rec.id}`, body, { 'If-Match': rec.version_etag })
        : await call<Rec>('POST', `/${def.name}`, body, { 'Idempotency-Key': key })
      dropDraft(place)
      go(`/${def.name}/${saved.id}`)
    } catch (err) {
      setBusy(false)
      if (!(err instanceof ApiError)) throw err
      setBad(err.fields)
      setWrong(err.status === 412 ? t('stale') : err.status === 0 ? t('unreachable') : word(err))
    }
  }
  return (
    <form class="card form" onSubmit={submit} noValidate>
      <h1>{word(def.label, def.name)}</h1>
      {found && <p class="quiet" role="status">{t('draft')}</p>}
      {!rec && def.behalf && <Behalf module={module.module} value={behalf} onChange={setBehalf} />}
      <Fields fields={fields} module={module} draft={draft} refs={rec && rec.refs} bad={bad} keep={keep} onKeep={setKeep} onChange={change} />
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary" disabled={busy}>{t('save')}</button>
    </form>
  )
}
