// What can be done with a record next: choose a step, see what it asks for and what follows from it, confirm.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { collection, go, query, session } from '../app/state'
import type { FieldError } from '../app/api'
import type { Collection, Field, Module, Rec, Step } from '../app/types'
import { toast } from '../app/toast'
import { t, word } from '../i18n'
import { dropDraft, readKept, writeDraft } from './draft'
import { begin, Fields, values, type Draft } from './fields'
import { bring, queue } from './outbox'
import { Pick } from './pick'

/** Who reads it from then on, when the step widens that. */
export function widening(def: Collection, step: Step, f: Record<string, unknown> = {}): 'widens_P' | 'widens_D' | 'widens_V' | null {
  const a = def.audience
  if (!a || typeof a === 'string' || !a.when || a.when.indexOf(step.to) < 0) return null
  const [field, values] = (a.if || '').split('=')
  const now = f[field]
  const asked = step.sets !== undefined && step.sets.indexOf(field) >= 0 // may be answered with the step itself
  if (field && !asked && !(values ? values.split(',').indexOf(String(now)) >= 0 : now === true)) return null
  return a.after === 'P' ? 'widens_P' : a.after === 'V' ? 'widens_V' : 'widens_D'
}

interface Typed { note: string; home: string; set: Draft; add: Draft }
const shape = (d: Typed) => [d.set, d.add].map(x => Object.keys(x.text).concat(Object.keys(x.files)).join()).join('|')
const stepPlace = (def: Collection, rec: Rec, step: Step) => `${session.value && session.value.account ? session.value.account.id : ''}/${def.name}/${rec.id}/${step.action}`

interface PanelProps { module: Module; def: Collection; rec: Rec; step: Step; onDone: (done: boolean) => void }

function Panel({ module, def, rec, step, onDone }: PanelProps) {
  const sets = def.fields.filter(f => step.sets && step.sets.indexOf(f.name) >= 0)
  const row = step.adds ? collection(step.adds.collection) : null
  const adds = row ? row.def.fields.filter(f => !f.readonly && !f.internal && step.adds && f.name !== step.adds.ref) : []
  const [was] = useState<Typed>(() => ({ note: '', home: '', set: begin(sets, rec), add: begin(adds) }))
  const place = stepPlace(def, rec, step)
  const [typed, setTyped] = useState<Typed>(() => readKept<Typed>(place, d => shape(d) === shape(was)) || was)
  const { note, home, set, add } = typed
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)
  const flags = sets.concat(adds).filter(f => f.type === 'bool' && (f.required || sets.indexOf(f) >= 0))
  const flag = flags.length === 1 ? flags[0] : null // one question with yes or no: the two answers are the two ways to confirm
  const ask = (list: Field[]) => list.filter(f => f !== flag)
  const warning = widening(def, step, rec.f)
  const name = word(step.label, step.action)
  const ends = def.workflow !== undefined && def.workflow.final.indexOf(step.to) >= 0
  const box = useRef<HTMLFormElement>(null)
  useEffect(() => { // the first thing to fill in, or the heading, is where the hand goes next
    const first = box.current && box.current.querySelector<HTMLElement>('input, select, textarea')
    if (first) first.focus()
  }, [])

  function put(change: Partial<Typed>) {
    const next = { ...typed, ...change }
    setTyped(next)
    writeDraft(place, next)
  }
  function leave(done: boolean) {
    dropDraft(place)
    onDone(done)
  }
  async function send(e: Event, answer?: boolean) {
    e.preventDefault()
    setWrong('')
    setBad([])
    const body: Record<string, unknown> = { action: step.action }
    if (note.trim()) body.note = note
    if (home) body.to_home = home
    const changed: Record<string, unknown> = values(ask(sets), set, rec)
    if (flag && sets.indexOf(flag) >= 0) changed[flag.name] = answer === true
    if (Object.keys(changed).length > 0) body.set = changed
    if (step.adds) body.add = { ...values(ask(adds), add), ...(flag && adds.indexOf(flag) >= 0 ? { [flag.name]: answer === true } : {}) }
    try {
      await call('POST', `/${def.name}/${rec.id}/steps`, await bring(body), { 'Idempotency-Key': key })
      toast(t('step_done', { what: name }))
      leave(true)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      if (err.status === 0) {
        queue({ key, collection: def.name, record: rec.id, act: 'step', what: { zh: name, en: name }, body, title: rec.title || word(def.label), at: Date.now(), draft: { place, value: typed } })
        toast(t('in_outbox'))
        leave(false)
        return go('/outbox')
      }
      setBad(err.fields)
      setWrong(word(err))
    }
  }
  const lacking = (step.note === 'required' && note.trim() === '') || (!!step.home && home === '')
  return <form class="card form" ref={box} onSubmit={e => void send(e, flag ? true : undefined)} noValidate aria-label={name}>
    <h2>{name}</h2>
    <p class="quiet">{t('goal', { state: def.workflow ? word(def.workflow.states[step.to], step.to) : step.to })}{ends && ' · ' + t('final_step')}</p>
    {warning && <p class="warn note">{t(warning)}</p>}
    {row && <Fields fields={ask(adds)} module={row.module} draft={add} prefix="a-" bad={bad} onChange={d => put({ add: d })} />}
    {ask(sets).length > 0 && <Fields fields={ask(sets)} module={module} draft={set} prefix="s-" refs={rec.refs} bad={bad} onChange={d => put({ set: d })} />}
    {step.home && <div class="field"><label for="to-home">{t('to_home')}</label><Pick id="to-home" to="home" value={home} onInput={v => put({ home: v })} /></div>}
    {!step.adds && <label>{t('note')}{step.note === 'required' && <span class="quiet"> · {t('required')}</span>}
      <textarea rows={3} value={note} onInput={e => put({ note: e.currentTarget.value })} /></label>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <div class="row">{flag ? <>{[true, false].map(a => <button key={String(a)} type={a ? 'submit' : 'button'} class={a ? 'primary' : undefined} disabled={lacking} onClick={e => { if (!a) void send(e, false) }}>
      {t('confirm', { what: name })} · {t('answer', { what: word(flag.label, flag.name), yes: t(a ? 'yes' : 'no') })}</button>)}</>
      : <button class="primary" disabled={lacking}>{t('confirm', { what: name })}</button>}
      <button type="button" onClick={() => leave(false)}>{t('cancel')}</button></div>
  </form>
}

export function Steps({ module, def, rec, onDone }: { module: Module; def: Collection; rec: Rec; onDone: () => void }) {
  const steps = (def.workflow ? def.workflow.steps : []).filter(s => (rec.actions || []).indexOf(s.action) >= 0 && (s.from || []).indexOf(rec.state || '') >= 0)
    .filter((s, i, all) => all.findIndex(o => o.action === s.action) === i)
  const [chosen, setChosen] = useState<Step | null>(() => steps.find(s => s.action === new URLSearchParams(query.value).get('do')) || steps.find(s => readKept<Typed>(stepPlace(def, rec, s), () => true) !== null) || null) // what the link asks for, or was begun
  if (steps.length === 0) return null
  if (chosen) return <Panel key={chosen.action} module={module} def={def} rec={rec} step={chosen} onDone={done => { setChosen(null); if (done) onDone() }} />
  const w = def.workflow
  const final = (s: Step) => w !== undefined && w.final.indexOf(s.to) >= 0
  return <section class="card steps"><h2 id="next-steps">{t('next_steps')}</h2><div class="row" role="group" aria-label={t('next_steps')}>{steps.map((s, i) =>
    <button type="button" class={i === 0 ? 'primary' : final(s) ? 'danger' : undefined} key={s.action} onClick={() => setChosen(s)}>{word(s.label, s.action)}</button>)}</div></section>
}
