// Adding and correcting a record. What was typed stays on the device until it is sent; what cannot be sent waits in the outbox.
// In elder mode each question has a page of its own (elder.tsx).
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { added, collection, elder, go, narrow, query, session } from '../app/state'
import { toast } from '../app/toast'
import type { FieldError } from '../app/api'
import type { Collection, Field, Module, Rec, Step } from '../app/types'
import { t, word } from '../i18n'
import { Behalf, nobody } from './behalf'
import { dropDraft, readDraft, writeDraft } from './draft'
import { ElderForm } from './elder'
import { begin, editable, Fields, values, type Draft } from './fields'
import { Icon } from './icon'
import { lazy } from './lazy'
import { bring, queue } from './outbox'
import { Speak } from './speak'
import { numbered } from './value'
import { today } from './when'
import { widening } from './steps'

const Similar = lazy(() => import('../module/publish/similar').then(m => m.Similar))

const DRAFT = ['draft', 'drafted']
const DAY_MS = 86400e3
const FEW = 4 // optional fields that need no fold
const told = (f: Field) => f.required || f.type === 'text' || f.type === 'file' || f.type === 'files'

/** What a link fills in: /ticket/new?kind=event */
function asked(fields: Field[], d: Draft): Draft {
  const p = new URLSearchParams(query.value)
  const text = { ...d.text }
  for (const f of fields) if (text[f.name] === '' && p.get(f.name)) text[f.name] = p.get(f.name) as string
  return { ...d, text }
}

/** The one record of a collection that is the caller's own or of a home the caller acts for; '' when there are none or several. */
async function own(to: string): Promise<string> {
  const s = session.value
  const found = collection(to)
  if (!s || !s.account || !found) return ''
  const homes = (s.memberships || []).map(m => m.home).filter((h, i, all) => h && all.indexOf(h) === i)
  const of = found.def.fields.some(f => f.name === 'person' && f.to === 'person') ? s.account.person && 'person=' + s.account.person
    : found.def.fields.some(f => f.name === 'home' && f.to === 'home') ? homes.length > 0 && 'home=' + homes.join(',') : 'mine=1'
  if (!of) return ''
  return call<{ items: Rec[] }>('GET', `/${to}?${of}&limit=2`).then(p => (p.items.length === 1 ? p.items[0].id : ''), () => '')
}

/** What a default stands for: node/module/README "default". */
function meant(word: string, f: Field): string {
  const s = session.value
  if (f.type === 'ref') return !s || !s.account || word === 'mine' ? '' : word === 'me' ? s.account.id : word === 'person' ? (!s.staff && s.account.person) || '' : word
  const day = f.type === 'date' && /^today([+-]\d+)?$/.exec(word)
  return day ? today(Date.now() + Number(day[1] || 0) * DAY_MS) : word
}

/** Of a new record: what a link says goes before the default. */
function initial(fields: Field[], rec?: Rec): Draft {
  if (rec) return begin(fields, rec)
  const d = asked(fields, begin(fields))
  for (const f of fields) if (f.default !== undefined && d.text[f.name] === '') d.text[f.name] = meant(String(f.default), f)
  return d
}

/** A new record that is only a draft: the step that sends it on its way, if there is just one that asks for nothing more. */
function follows(def: Collection): Step | undefined {
  const w = def.workflow
  if (!w || DRAFT.indexOf(w.first) < 0) return undefined
  const on = w.steps.filter(s => (s.from || []).indexOf(w.first) >= 0 && w.final.indexOf(s.to) < 0 && s.to !== w.first)
  return on.length === 1 && on[0].note !== 'required' && !on[0].home && !on[0].sets && !on[0].adds ? on[0] : undefined
}

/** What a guest is told: the number, and whom to call. */
function GuestDone({ no, again }: { no: string; again: () => void }) {
  return <section class="card" role="status"><h1>{t('received')}</h1>{no && <p class="lead"><b>{t('number_is', { no })}</b></p>}<p>{t('guest_done')}</p>
    <Speak text={t('received') + (no ? '，' + t('number_is', { no }) : '')} />
    <div class="row"><a class="button primary" href="/">{t('home')}</a><button type="button" onClick={again}>{t('report_another')}</button><a class="button" href="/help"><Icon name="help" />{t('help_me')}</a></div></section>
}

export interface FormState {
  module: Module; def: Collection; fields: Field[]; draft: Draft; refs?: Rec['refs']; bad: FieldError[]; wrong: string; busy: boolean
  keep: Record<string, string>; setKeep: (k: Record<string, string>) => void; change: (d: Draft) => void; send: (draftOnly?: boolean) => Promise<void>; then?: Step; behalf: preact.ComponentChildren; title: string
}

export function Form({ module, def, rec }: { module: Module; def: Collection; rec?: Rec }) {
  const who = session.value && session.value.account ? session.value.account.id : ''
  const guest = who === '' && def.guest
  const fields = def.fields.filter(f => editable(f) && !(rec && f.once) && !(rec && rec.masked && rec.masked.indexOf(f.name) >= 0) && !(guest && f.type.indexOf('file') === 0))
  const place = who + '/' + def.name + (rec ? '/' + rec.id : '')
  const [found] = useState(() => readDraft(place, begin(fields)))
  const [draft, setDraft] = useState<Draft>(() => (found ? asked(fields, found) : initial(fields, rec)))
  const [forWhom, setForWhom] = useState(nobody)
  const [keep, setKeep] = useState<Record<string, string>>({})
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  const [key] = useState(newKey)
  const [more, setMore] = useState(false)
  const [done, setDone] = useState<string | null>(null) // a guest's number

  /** What a guest's report must say anyhow. */
  const fixed: Record<string, string> = {}
  if (guest) for (const k of Object.keys(guest)) if (guest[k].length === 1) fixed[k] = guest[k][0]
  const open = fields.filter(f => fixed[f.name] === undefined)

  useEffect(() => { // a default `mine`: one's own record, when there is just one
    if (rec) return
    const inUse = (name: string) => { const e = document.getElementById('f-' + name); return e instanceof HTMLInputElement && (e.value !== '' || e === document.activeElement) } // somebody looks for another one
    fields.filter(f => f.default === 'mine' && f.to && draft.text[f.name] === '').forEach(f => void own(String(f.to)).then(id => {
      if (id) setDraft(d => (d.text[f.name] === '' && !inUse(f.name) ? { ...d, text: { ...d.text, [f.name]: id } } : d))
    }))
  }, [])
  function change(d: Draft) {
    setDraft(d)
    writeDraft(place, d)
  }
  function failed(err: unknown, body: Record<string, unknown>) {
    setBusy(false)
    if (!(err instanceof ApiError)) throw err
    if (err.status === 0 && who) {
      queue({ key, collection: def.name, body, title: rec ? rec.title || word(def.label) : draft.text.title || draft.text.name || draft.text.body || word(def.label), at: Date.now(),
        draft: { place, value: draft }, ...(rec ? { act: 'set' as const, record: rec.id, etag: rec.version_etag } : {}) })
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
  const then = rec || guest ? undefined : follows(def)
  const widens = then && widening(def, then)
  async function send(draftOnly?: boolean) {
    if (busy) return
    const body = { ...values(fields, draft, rec), ...fixed }
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
      if (!saved.f) { // who is not signed in may not read it afterwards
        setBusy(false)
        return setDone(String((saved as unknown as { no?: string }).no || ''))
      }
      if (rec) toast(t('saved'))
      else added.value = saved.id
      if (then && !draftOnly && (saved.actions || []).indexOf(then.action) >= 0) await call('POST', `/${def.name}/${saved.id}/steps`, { action: then.action }, { 'Idempotency-Key': key + '-then' })
      go(`/${def.name}/${saved.id}`)
    } catch (err) {
      failed(err, body)
    }
  }
  const behalf = !rec && def.behalf ? <Behalf module={module.module} value={forWhom} onChange={setForWhom} /> : null
  const title = rec ? t('edit_one', { what: numbered(rec.title).rest || word(def.label) }) : t(guest ? 'report_emergency' : 'new_title', { what: word(def.label, def.name) })
  if (done !== null) return <GuestDone no={done} again={() => { setDone(null); setDraft(initial(fields)) }} />
  if (elder.value && !rec) return <ElderForm {...{ module, def, fields: open, draft, bad, wrong, busy, keep, setKeep, change, send, then, behalf, title }} />
  const main = open.filter(told)
  const rest = open.filter(f => !told(f))
  const fold = narrow.value && rest.length > FEW && !more && !rest.some(f => bad.some(b => b.field === f.name))
  const near = !rec && def.similar && (draft.text[def.similar.place] || draft.text[def.similar.geo]) && session.value && session.value.account
    ? <Similar def={def} place={draft.text[def.similar.place] || ''} geo={draft.text[def.similar.geo] || ''} /> : null
  const common = { module, draft, refs: rec && rec.refs, bad, keep, onKeep: setKeep, onChange: change }
  return <form class="card form" onSubmit={e => { e.preventDefault(); void send() }} noValidate>
    <p class="crumb"><a href={guest ? '/' : '/' + def.name + (rec ? '/' + rec.id : '')}><Icon name="back" />{guest ? t('home') : word(def.label, def.name)}</a></p>
    <h1>{title}</h1>
    {guest && <p class="note tone-warn">{t('guest_first')}</p>}
    {found && <p class="note tone-warn" role="status">{t('draft')} <button type="button" class="link" onClick={() => { dropDraft(place); setDraft(initial(fields, rec)) }}>{t('start_again')}</button></p>}
    {behalf}
    <Fields fields={main} {...common} />
    {near}
    {rest.length > 0 && (fold ? <button type="button" onClick={() => setMore(true)}><Icon name="add" />{t('more_fields', { n: rest.length })}</button>
      : <>{main.length > 0 && rest.length > FEW && <h2>{t('optional')}</h2>}<div class={rest.length > FEW ? 'pairs' : undefined}><Fields fields={rest} {...common} /></div></>)}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {widens && <p class="warn note">{t(widens)}</p>}
    <div class="row"><button class="primary" disabled={busy}>{busy ? t('saving') : then ? t('save_and', { what: word(then.label) }) : t('save')}</button>
      {then && <button type="button" disabled={busy} onClick={() => void send(true)}>{t('save_draft')}</button>}
      <a class="button" href={guest ? '/' : '/' + def.name + (rec ? '/' + rec.id : '')}>{t('cancel')}</a>{!rec && session.value && session.value.staff && <a class="button only-wide" href={'/blank/' + def.name}><Icon name="print" />{t('blank_form')}</a>}<span class="quiet">{t('draft_kept')}</span></div>
  </form>
}
