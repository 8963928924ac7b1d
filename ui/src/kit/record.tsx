// The one record page: what it is, what can be done next, its facts, what belongs to it, what happened.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../app/api'
import { added, collection, path, session, status } from '../app/state'
import { toast } from '../app/toast'
import type { Collection, Field, Module, Rec } from '../app/types'
import { lang, t, word } from '../i18n'
import { Card } from './card'
import { Form } from './form'
import { Shown } from './files'
import { panels } from '../module'
import { History } from './history'
import { Icon } from './icon'
import { lazy } from './lazy'
import { PrintFoot } from './printfoot'
import { Related } from './related'
import { Speak } from './speak'
import { Waiting } from './state'
import { Steps } from './steps'
import { due, today } from './when'
import { numbered, postered, show, stamp } from './value'
import { pending, waits } from './waits'

const Here = lazy(() => import('./plan').then(m => m.Here))
const ConflictUnit = lazy(() => import('../module/queues/conflict').then(m => m.Unit))

function Unmask({ def, id, names, onShow }: { def: Collection; id: string; names: string[]; onShow: (f: Record<string, unknown>) => void }) {
  const [purpose, setPurpose] = useState('')
  const [wrong, setWrong] = useState('')
  const send = () => call<{ fields: Record<string, unknown> }>('POST', `/${def.name}/${id}/unmask`, { fields: names, purpose })
    .then(r => onShow(r.fields), e => setWrong(word(e)))
  return <div class="row no-print"><label class="grow">{t('purpose')}<select value={purpose} onChange={e => setPurpose(e.currentTarget.value)}>
    <option value="">{t('choose')}</option>{(['visit', 'ticket', 'service', 'check'] as const).map(p => <option key={p} value={p}>{t(`p_${p}`)}</option>)}</select></label>
    <button type="button" disabled={purpose === ''} onClick={send}>{t('unmask')}</button>{wrong && <p class="error" role="alert">{wrong}</p>}</div>
}

/** The name of whom it was entered for: as staff may read it, or as the agent's own delegation tells. */
function principal(rec: Rec, id: string): string {
  const mine = ((session.value && session.value.principals) || []).find(p => p.person === id)
  return (rec.refs && rec.refs.on_behalf_of && rec.refs.on_behalf_of[id]) || (mine && mine.name) || t('resident')
}

/** After adding: large, with what to keep. */
function Done({ def, rec }: { def: Collection; rec: Rec }) {
  const no = typeof rec.f.no === 'string' ? rec.f.no : ''
  const state = def.workflow && rec.state ? word(def.workflow.states[rec.state], rec.state) : ''
  const step = rec.state === 'draft' && def.workflow ? def.workflow.steps.find(s => (rec.actions || []).indexOf(s.action) >= 0) : undefined
  if (step) return <div class="done no-print" role="status"><Icon name="check" /><p><b>{t('saved')}</b> {t('not_sent_yet', { what: word(step.label, step.action) })}</p></div>
  return <div class="done no-print" role="status"><Icon name="check" /><p><b>{t('received')}</b>{no && <> {t('number_is', { no })}</>}{state && <> · {state}</>}</p>
    <Speak text={t('received') + (no ? '，' + t('number_is', { no }) : '')} />
    <a class="button" href={`/${def.name}/${rec.id}/slip`}><Icon name="print" />{t('slip')}</a></div>
}

function Value({ def, module, rec, f, clear }: { def: Collection; module: Module; rec: Rec; f: Field; clear: Record<string, unknown> }) {
  const value = clear[f.name] !== undefined ? clear[f.name] : rec.f[f.name]
  if (f.type === 'file' || f.type === 'files') return <Shown base={`/api/v1/${def.name}/${rec.id}`} value={value} />
  const text = show(value, f, module, rec)
  const linked = (to: string) => rec.refs && rec.refs[f.name] && rec.refs[f.name][to]
  if (f.type === 'ref' && f.to && f.to !== '*' && linked(String(value)) && collection(f.to)) return <a href={`/${f.to}/${String(value)}`}>{text}</a>
  if (f.check === 'phone' && /^[\d+ -]+$/.test(text)) return <a href={'tel:' + text}>{text}</a>
  if (f.type === 'geo') return <>{text}<Here value={value} title={rec.title || word(def.label)} /></>
  if (f.name === 'due' && rec.due_note) return <>{text} <span class="quiet">{rec.due_note}</span></>
  if (f.type === 'ts' && f.name === 'due') return <>{text} <span class={Number(value) < Date.now() ? 'late' : 'quiet'}>{due(Number(value), undefined)}</span></>
  return <>{text}</>
}

/** Whether this reader may ask for an emergency reading of what is for its parties alone. */
const emergency = () => { const c = collection('emergency_reading'); return Boolean(c && c.def.can && c.def.can.create) }

function Facts({ def, module, rec, clear, onShow }: { def: Collection; module: Module; rec: Rec; clear: Record<string, unknown>; onShow: (f: Record<string, unknown>) => void }) {
  const filled = def.fields.filter(f => show(rec.f[f.name], f, module, rec) !== '' && f.name !== 'on_behalf_of')
  const veiled = (rec.masked || []).filter(n => def.fields.some(f => f.name === n))
  const title = def.title || []
  const lead = filled.filter(f => f.type === 'text' && (f.name === 'body' || f.name === 'text'))
  const files = filled.filter(f => f.type === 'file' || f.type === 'files')
  const facts = filled.filter(f => lead.indexOf(f) < 0 && files.indexOf(f) < 0 && !(title.indexOf(f.name) >= 0 && f.type === 'str' && (rec.title || '').indexOf(String(rec.f[f.name])) >= 0))
  return <section class="card" aria-label={t('facts')}>
    {lead.map(f => <div class="lead" key={f.name}><p>{show(clear[f.name] !== undefined ? clear[f.name] : rec.f[f.name], f, module, rec)}</p></div>)}
    {files.map(f => <div key={f.name}>{files.length > 1 && <h3>{word(f.label)}</h3>}<Value {...{ def, module, rec, f, clear }} /></div>)}
    <dl class="facts">{facts.map(f => <div key={f.name}><dt>{word(f.label, f.name)}</dt><dd><Value {...{ def, module, rec, f, clear }} /></dd></div>)}
      <div><dt>{t('added_on')}</dt><dd>{stamp(rec.created_at)}</dd></div></dl>
    {typeof rec.f.on_behalf_of === 'string' && <p class="quiet">{t('behalf_of', { who: principal(rec, rec.f.on_behalf_of) })}</p>}
    {rec.outline && <p class="quiet">{t('outline_only')} {emergency() && <a href={`/emergency_reading/new?${typeof rec.f.no === 'string' ? 'no=' + rec.f.no : 'target=' + rec.id}`}>{t('ask_emergency')}</a>}</p>}
    {veiled.length > 0 && Object.keys(clear).length === 0 && <Unmask def={def} id={rec.id} names={veiled} onShow={onShow} />}
  </section>
}

export function Record({ module, def, id, edit }: { module: Module; def: Collection; id: string; edit: boolean }) {
  const [rec, setRec] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  const [clear, setClear] = useState<Record<string, unknown>>({})
  const [turn, setTurn] = useState(0) // a step may leave the record as it was and still be a step
  const seq = status.value ? status.value.seq : 0
  const load = () => call<Rec>('GET', `/${def.name}/${id}`)
  useEffect(() => {
    let on = true
    setRec(null)
    setClear({})
    setWrong('')
    load().then(r => on && setRec(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [def.name, id, lang.value])
  useEffect(() => { // somebody changed something: shown when it is this one, but never under a hand that writes
    let on = true
    if (rec && !edit && seq > 0) load().then(r => on && r.version_etag !== rec.version_etag && setRec(r), () => undefined)
    return () => { on = false }
  }, [seq])

  const refresh = () => load().then(r => { setRec(r); setTurn(n => n + 1) }, e => setWrong(word(e)))
  async function attempt(what: () => Promise<unknown>) {
    setWrong('')
    try {
      await what()
      await refresh()
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(e.status === 412 ? t('stale') : word(e))
    }
  }
  const check = () => attempt(() => call('PATCH', `/${def.name}/${id}`, { checked: today() }, rec ? { 'If-Match': rec.version_etag } : {}).then(() => toast(t('saved'))))
  if (!rec) return wrong ? <><h1>{word(def.label, def.name)}</h1><p class="error" role="alert">{wrong}</p><p><a class="button" href={'/' + def.name}>{t('back')}</a></p></> : <div class="card"><Waiting lines={8} /></div>
  if (edit && !rec.erased) return <Form key={path.value} module={module} def={def} rec={rec} />
  const Panel = panels[def.name]
  const may = (rec.can ? rec.can.update : def.can.update) && !def.log
  const account = session.value && session.value.account
  const side = <><Related def={def} rec={rec} version={rec.version_etag + turn} />{account && !rec.outline && <History module={module} def={def} rec={rec} version={rec.version_etag + turn} />}</>
  return <article>
    <p class="crumb"><a href={'/' + def.name}><Icon name="back" />{word(def.label, def.name)}</a></p>
    {added.value === rec.id && <Done def={def} rec={rec} />}
    <div class="list-head"><h1>{numbered(rec.title).rest || word(def.label, def.name)}</h1>
      <div class="row no-print">{may && <a class="button" href={`/${def.name}/${rec.id}/edit`}><Icon name="edit" />{t('edit')}</a>}
        {postered(def) && <a class="button" href={`/${def.name}/${rec.id}/poster`}><Icon name="news" />{t('poster')}</a>}
        <a class="button" href={`/${def.name}/${rec.id}/sheet`}><Icon name="print" />{t('print')}</a></div></div>
    <p>{numbered(rec.title).full && <span class="number">{numbered(rec.title).full}</span>}
      {def.workflow && rec.state && <span class="chip tone-main">{word(def.workflow.states[rec.state], rec.state)}</span>}
      {pending(rec) && <span class="chip">{waits()}</span>}
      {rec.stale && <span class="chip tone-warn">{t('stale_one')}</span>}
      {rec.stale && may && <button type="button" onClick={() => void check()}><Icon name="check" />{t('checked_now')}</button>}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {rec.erased && <p class="card warn" role="status">{t(def.name === 'person' ? 'erased_person' : 'erased_record')}</p>}
    {rec.conflicts && rec.conflicts.length > 0 && <section class="card warn"><h2>{t('conflict')}</h2>
      {rec.conflicts.map(c => <ConflictUnit key={c.unit} item={rec} def={def} module={module} c={c} again={refresh} />)}</section>}
    {Panel && <Panel rec={rec} onDone={refresh} />}
    <Steps module={module} def={def} rec={rec} onDone={refresh} />
    <div class="sides"><div><Facts def={def} module={module} rec={rec} clear={clear} onShow={setClear} />
      {def.name === 'account' && rec.state === 'verified' && session.value && session.value.roles.some(r => r === 'worker' || r === 'committee') && <Card id={id} />}</div>
      <div>{side}</div></div>
    <PrintFoot />
  </article>
}
