// What can be done with a record next: choose a step, see what it asks for and what follows from it, confirm.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { collection } from '../app/state'
import type { FieldError } from '../app/api'
import type { Collection, Module, Rec, Step } from '../app/types'
import { toast } from '../app/toast'
import { t, word } from '../i18n'
import { begin, Fields, values } from './fields'
import { bring } from './outbox'
import { Pick } from './pick'

/** Who reads it from then on, when the step widens that. */
function widening(def: Collection, step: Step): 'widens_P' | 'widens_D' | 'widens_V' | null {
  const a = def.audience
  if (!a || typeof a === 'string' || !a.when || a.when.indexOf(step.to) < 0) return null
  return a.after === 'P' ? 'widens_P' : a.after === 'V' ? 'widens_V' : 'widens_D'
}

interface PanelProps { module: Module; def: Collection; rec: Rec; step: Step; onDone: (done: boolean) => void }

function Panel({ module, def, rec, step, onDone }: PanelProps) {
  const sets = def.fields.filter(f => step.sets && step.sets.indexOf(f.name) >= 0)
  const row = step.adds ? collection(step.adds.collection) : null
  const adds = row ? row.def.fields.filter(f => !f.readonly && !f.internal && step.adds && f.name !== step.adds.ref) : []
  const [note, setNote] = useState('')
  const [home, setHome] = useState('')
  const [set, setSet] = useState(() => begin(sets, rec))
  const [add, setAdd] = useState(() => begin(adds))
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)
  const warning = widening(def, step)
  const name = word(step.label, step.action)
  const ends = def.workflow !== undefined && def.workflow.final.indexOf(step.to) >= 0
  const box = useRef<HTMLFormElement>(null)
  useEffect(() => { // the first thing to fill in, or the heading, is where the hand goes next
    const first = box.current && box.current.querySelector<HTMLElement>('input, select, textarea')
    if (first) first.focus()
  }, [])

  async function send(e: Event) {
    e.preventDefault()
    setWrong('')
    setBad([])
    const body: Record<string, unknown> = { action: step.action }
    if (note.trim()) body.note = note
    if (home) body.to_home = home
    const changed = values(sets, set, rec)
    if (Object.keys(changed).length > 0) body.set = changed
    if (step.adds) body.add = values(adds, add)
    try {
      if (body.set) body.set = await bring(body.set as Record<string, unknown>)
      if (body.add) body.add = await bring(body.add as Record<string, unknown>)
      await call('POST', `/${def.name}/${rec.id}/steps`, body, { 'Idempotency-Key': key })
      toast(t('step_done', { what: name }))
      onDone(true)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setBad(err.fields)
      setWrong(word(err))
    }
  }
  return <form class="card form" ref={box} onSubmit={send} noValidate aria-label={name}>
    <h2>{name}</h2>
    <p class="quiet">{t('goal', { state: def.workflow ? word(def.workflow.states[step.to], step.to) : step.to })}{ends && ' · ' + t('final_step')}</p>
    {warning && <p class="warn note">{t(warning)}</p>}
    {row && <Fields fields={adds} module={row.module} draft={add} prefix="a-" bad={bad} onChange={setAdd} />}
    {sets.length > 0 && <Fields fields={sets} module={module} draft={set} prefix="s-" refs={rec.refs} bad={bad} onChange={setSet} />}
    {step.home && <div class="field"><label for="to-home">{t('to_home')}</label><Pick id="to-home" to="home" value={home} onInput={setHome} /></div>}
    {!step.adds && <label>{t('note')}{step.note === 'required' && <span class="quiet"> · {t('required')}</span>}
      <textarea rows={3} value={note} onInput={e => setNote(e.currentTarget.value)} /></label>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <div class="row"><button class="primary" disabled={(step.note === 'required' && note.trim() === '') || (!!step.home && home === '')}>{t('confirm', { what: name })}</button>
      <button type="button" onClick={() => onDone(false)}>{t('cancel')}</button></div>
  </form>
}

export function Steps({ module, def, rec, onDone }: { module: Module; def: Collection; rec: Rec; onDone: () => void }) {
  const [chosen, setChosen] = useState<Step | null>(null)
  const steps = (def.workflow ? def.workflow.steps : []).filter((s, i, all) =>
    (rec.actions || []).indexOf(s.action) >= 0 && all.findIndex(o => o.action === s.action) === i)
  if (steps.length === 0) return null
  if (chosen) return <Panel key={chosen.action} module={module} def={def} rec={rec} step={chosen} onDone={done => { setChosen(null); if (done) onDone() }} />
  const w = def.workflow
  const final = (s: Step) => w !== undefined && w.final.indexOf(s.to) >= 0
  return <section class="card steps"><h2 id="next-steps">{t('next_steps')}</h2><div class="row" role="group" aria-label={t('next_steps')}>{steps.map((s, i) =>
    <button type="button" class={i === 0 ? 'primary' : final(s) ? 'danger' : undefined} key={s.action} onClick={() => setChosen(s)}>{word(s.label, s.action)}</button>)}</div></section>
}
