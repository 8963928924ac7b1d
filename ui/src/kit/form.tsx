// Adding and correcting a record. What was typed stays on the device until it is sent; what cannot be sent waits in the outbox.
// In elder mode each question has a page of its own (elder.tsx).
import { useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { added, elder, go, narrow, query, session } from '../app/state'
import { toast } from '../app/toast'
import type { FieldError } from '../app/api'
import type { Collection, Field, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { Behalf, nobody } from './behalf'
import { dropDraft, readDraft, writeDraft } from './draft'
import { ElderForm } from './elder'
import { begin, editable, Fields, values, type Draft } from './fields'
import { Icon } from './icon'
import { lazy } from './lazy'
import { bring, queue } from './outbox'

const Similar = lazy(() => import('../module/publish/similar').then(m => m.Similar))

const FEW = 4 // optional fields that need no fold
const told = (f: Field) => f.required || f.type === 'text' || f.type === 'file' || f.type === 'files'

/** What a link fills in: /ticket/new?kind=event */
function asked(fields: Field[], d: Draft): Draft {
  const p = new URLSearchParams(query.value)
  const text = { ...d.text }
  for (const f of fields) if (text[f.name] === '' && p.get(f.name)) text[f.name] = p.get(f.name) as string
  return { ...d, text }
}

function initial(fields: Field[], rec?: Rec): Draft {
  const d = begin(fields, rec)
  if (!rec) for (const f of fields) if (f.default !== undefined && d.text[f.name] === '') d.text[f.name] = String(f.default)
  return d
}

export interface FormState {
  module: Module; def: Collection; fields: Field[]; draft: Draft; refs?: Rec['refs']; bad: FieldError[]; wrong: string; busy: boolean
  keep: Record<string, string>; setKeep: (k: Record<string, string>) => void; change: (d: Draft) => void; send: () => Promise<void>; behalf: preact.ComponentChildren; title: string
}

export function Form({ module, def, rec }: { module: Module; def: Collection; rec?: Rec }) {
  const fields = def.fields.filter(f => editable(f) && !(rec && f.once) && !(rec && rec.masked && rec.masked.indexOf(f.name) >= 0))
  const who = session.value && session.value.account ? session.value.account.id : ''
  const place = who + '/' + def.name + (rec ? '/' + rec.id : '')
  const [found] = useState(() => readDraft(place, begin(fields)))
  const [draft, setDraft] = useState<Draft>(() => (found ? asked(fields, found) : rec ? initial(fields, rec) : asked(fields, initial(fields))))
  const [forWhom, setForWhom] = useState(nobody)
  const [keep, setKeep] = useState<Record<string, string>>({})
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)
  const [more, setMore] = useState(false)

  function change(d: Draft) {
    setDraft(d)
    writeDraft(place, d)
  }
  function failed(err: unknown, body: Record<string, unknown>) {
    setBusy(false)
    if (!(err instanceof ApiError)) throw err
    if (err.status === 0 && !rec) {
      queue({ key, collection: def.name, body, title: draft.text.title || draft.text.name || draft.text.body || word(def.label), at: Date.now() })
      dropDraft(place)
      toast(t('in_outbox'))
      return go('/outbox')
    }
    setBad(err.fields)
    setMore(more || err.fields.length > 0)
    setWrong(err.status === 412 ? t('stale') : err.status === 0 ? t('unreachable') : err.fields.length > 0 ? t('look_at_fields') : word(err))
    const first = err.fields[0]
    if (first) setTimeout(() => { const at = document.getElementById('f-' + first.field); if (at) at.focus() }, 50)
  }
  async function send() {
    if (busy) return
    const body = values(fields, draft, rec)
    if (forWhom.person) body.on_behalf_of = forWhom.person
    if (forWhom.channel) body.channel = forWhom.channel
    if (Object.keys(keep).length > 0) body._keep = keep
    setWrong('')
    setBad([])
    setBusy(true)
    try {
      const ready = await bring(body)
      const saved = rec
        ? await call<Rec>('PATCH', `/${def.name}/${rec.id}`, ready, { 'If-Match': rec.version_etag })
        : await call<Rec>('POST', `/${def.name}`, ready, { 'Idempotency-Key': key })
      dropDraft(place)
      if (rec) toast(t('saved'))
      else added.value = saved.id
      go(`/${def.name}/${saved.id}`)
    } catch (err) {
      failed(err, body)
    }
  }
  const behalf = !rec && def.behalf ? <Behalf module={module.module} value={forWhom} onChange={setForWhom} /> : null
  const title = rec ? t('edit_one', { what: rec.title || word(def.label) }) : word(def.label, def.name)
  if (elder.value && !rec) return <ElderForm {...{ module, def, fields, draft, bad, wrong, busy, keep, setKeep, change, send, behalf, title }} />
  const main = fields.filter(told)
  const rest = fields.filter(f => !told(f))
  const fold = narrow.value && rest.length > FEW && !more && !rest.some(f => bad.some(b => b.field === f.name))
  const near = !rec && def.similar && (draft.text[def.similar.place] || draft.text[def.similar.geo]) && session.value && session.value.account
    ? <Similar def={def} place={draft.text[def.similar.place] || ''} geo={draft.text[def.similar.geo] || ''} /> : null
  const common = { module, draft, refs: rec && rec.refs, bad, keep, onKeep: setKeep, onChange: change }
  return <form class="card form" onSubmit={e => { e.preventDefault(); void send() }} noValidate>
    <p class="crumb"><a href={'/' + def.name + (rec ? '/' + rec.id : '')}><Icon name="back" />{word(def.label, def.name)}</a></p>
    <h1>{title}</h1>
    {found && <p class="note tone-warn" role="status">{t('draft')} <button type="button" class="link" onClick={() => { dropDraft(place); setDraft(initial(fields, rec)) }}>{t('start_again')}</button></p>}
    {behalf}
    <Fields fields={main} {...common} />
    {near}
    {rest.length > 0 && (fold ? <button type="button" onClick={() => setMore(true)}><Icon name="add" />{t('more_fields', { n: rest.length })}</button>
      : <>{main.length > 0 && rest.length > FEW && <h2>{t('optional')}</h2>}<Fields fields={rest} {...common} /></>)}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <div class="row"><button class="primary" disabled={busy}>{t(busy ? 'saving' : 'save')}</button>
      <a class="button" href={'/' + def.name + (rec ? '/' + rec.id : '')}>{t('cancel')}</a><span class="quiet">{t('draft_kept')}</span></div>
  </form>
}
