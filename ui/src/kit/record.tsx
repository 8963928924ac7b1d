// The one record page: fields, possible steps, conflicts side by side, history.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { collection, session } from '../app/state'
import type { Collection, Conflict, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { Card } from './card'
import { Form } from './form'
import { Shown } from './files'
import { panels } from '../module'
import { Steps } from './steps'
import { show, stamp } from './value'

interface Entry { id: string; op: string; at: number; user_name?: string; node: string; channel?: string; state: string; fields: Record<string, unknown> }
type ChannelKey = 'c_counter' | 'c_phone' | 'c_paper' | 'c_visit' | 'c_sms'
type OpKey = 'op_add' | 'op_set' | 'op_step' | 'op_delete' | 'op_restore' | 'op_remove' | 'op_alias' | 'op_other'

function told(h: Entry, def: Collection, module: Module): string {
  const step = def.workflow && h.op === 'step' ? def.workflow.steps.find(s => s.action === h.fields.action) : undefined
  if (step) return word(step.label, step.action) + (h.fields.note ? '：' + String(h.fields.note) : '')
  return Object.keys(h.fields).map(n => {
    const f = def.fields.find(x => x.name === n)
    return f ? word(f.label, n) + '：' + show(h.fields[n], f, module) : ''
  }).filter(Boolean).join('；')
}

function Unmask({ def, id, names, onShow }: { def: Collection; id: string; names: string[]; onShow: (f: Record<string, unknown>) => void }) {
  const [purpose, setPurpose] = useState('')
  const [wrong, setWrong] = useState('')
  const send = () => call<{ fields: Record<string, unknown> }>('POST', `/${def.name}/${id}/unmask`, { fields: names, purpose })
    .then(r => onShow(r.fields), e => setWrong(word(e)))
  return <div class="row"><label class="grow">{t('purpose')}<select value={purpose} onChange={e => setPurpose(e.currentTarget.value)}>
    <option value="">{t('choose')}</option>{(['visit', 'ticket', 'service', 'check'] as const).map(p => <option key={p} value={p}>{t(`p_${p}`)}</option>)}</select></label>
    <button type="button" disabled={purpose === ''} onClick={send}>{t('unmask')}</button>{wrong && <p class="error" role="alert">{wrong}</p>}</div>
}

function History({ module, def, id }: { module: Module; def: Collection; id: string }) {
  const [items, setItems] = useState<Entry[] | null>(null)
  const [wrong, setWrong] = useState('')
  function open() {
    call<{ items: Entry[] }>('GET', `/${def.name}/${id}/history`).then(h => setItems(h.items), e => setWrong(word(e)))
  }
  return <section><h2>{t('history')}</h2>
    {!items && <button type="button" onClick={open}>{t('more')}</button>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {items && <ol>{items.map(h => <li key={h.id}><span class="quiet">{stamp(h.at)} {h.user_name || h.node}</span> <b>{t(('op_' + h.op) as OpKey)}</b> {h.channel && h.channel !== 'web' && h.channel !== 'import' && `（${t(('c_' + h.channel) as ChannelKey)}）`}{told(h, def, module)} <span class="chip">{t(h.state === 'refused' ? 'refused' : h.state === 'accepted' ? 'accepted' : 'provisional')}</span></li>)}</ol>}
  </section>
}

/** A day in China, where all communities are. */
const day = (ms: number) => new Date(ms + 8 * 3600e3).toISOString().slice(0, 10)
/** The name of whom it was entered for: as staff may read it, or as the agent's own delegation tells. */
function principal(rec: Rec, id: string): string {
  const mine = ((session.value && session.value.principals) || []).find(p => p.person === id)
  return (rec.refs && rec.refs.on_behalf_of && rec.refs.on_behalf_of[id]) || (mine && mine.name) || t('resident')
}

export function Record({ module, def, id, edit }: { module: Module; def: Collection; id: string; edit: boolean }) {
  const [rec, setRec] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  const [clear, setClear] = useState<Record<string, unknown>>({})
  useEffect(() => {
    let on = true
    setRec(null)
    setClear({})
    call<Rec>('GET', `/${def.name}/${id}`).then(r => on && setRec(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [def.name, id])

  const refresh = () => call<Rec>('GET', `/${def.name}/${id}`).then(setRec, e => setWrong(word(e)))
  async function send(what: string, body: unknown) {
    setWrong('')
    try {
      await call('POST', `/${def.name}/${id}/${what}`, body, { 'Idempotency-Key': newKey() })
      await refresh()
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(word(e))
    }
  }
  async function check() {
    setWrong('')
    try {
      await call('PATCH', `/${def.name}/${id}`, { checked: day(Date.now()) }, rec ? { 'If-Match': rec.version_etag } : {})
      await refresh()
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(e.status === 412 ? t('stale') : word(e))
    }
  }
  const field = (name: string) => def.fields.find(f => f.name === name)
  const conflict = (c: Conflict) => <section class="card warn" key={c.unit}>
    <h2>{t('conflict')}: {word((field(c.unit) || { label: undefined }).label, c.unit)}</h2>
    {c.values.map(v => <p key={v.change}>{show(v.value, field(c.unit), module, rec || undefined)} <span class="quiet">{v.user_name} {v.node} {stamp(v.at)}</span>{' '}
      <button type="button" onClick={() => send('resolve', { unit: c.unit, take: v.change })}>{t('take')}</button></p>)}
  </section>

  if (!rec) return wrong ? <p class="error" role="alert">{wrong}</p> : <p role="status">{t('loading')}</p>
  if (edit) return <Form module={module} def={def} rec={rec} />
  const Panel = panels[def.name]
  const title = (def.title || []).map(n => show(rec.f[n], field(n), module, rec)).join(' ')
  return <article>
    <p><a href={'/' + def.name}>{t('back')}</a></p>
    <h1>{title || word(def.label, def.name)}</h1>
    <p>{def.workflow && <span class="chip">{word(def.workflow.states[rec.state || ''], rec.state)}</span>}
      {rec.provisional && <span class="chip">{t('provisional')}</span>}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {(rec.conflicts || []).map(conflict)}
    <dl class="card">{def.fields.filter(f => show(rec.f[f.name], f, module, rec) !== '').map(f =>
      <div key={f.name}><dt>{word(f.label, f.name)}</dt><dd>{f.type === 'file' || f.type === 'files' ? <Shown base={`/api/v1/${def.name}/${id}`} value={rec.f[f.name]} />
        : f.type === 'ref' && f.to && f.to !== '*' && rec.refs && rec.refs[f.name] && collection(f.to) ? <a href={`/${f.to}/${String(rec.f[f.name])}`}>{show(rec.f[f.name], f, module, rec)}</a>
          : show(clear[f.name] !== undefined ? clear[f.name] : rec.f[f.name], f, module, rec)}</dd></div>)}</dl>
    {typeof rec.f.on_behalf_of === 'string' && <p class="quiet">{t('behalf_of', { who: principal(rec, rec.f.on_behalf_of) })}</p>}
    {rec.stale && <p class="row"><span class="chip chip-bad">{t('stale_one')}</span>
      {rec.can && rec.can.update && <button type="button" class="primary" onClick={() => void check()}>{t('checked_now')}</button>}</p>}
    {rec.masked && rec.masked.length > 0 && <Unmask def={def} id={id} names={rec.masked} onShow={setClear} />}
    {Panel && <Panel rec={rec} onDone={refresh} />}
    <Steps module={module} def={def} rec={rec} onDone={refresh} />
    {def.name === 'account' && rec.state === 'verified' && session.value && session.value.roles.some(r => r === 'worker' || r === 'committee') && <Card id={id} />}
    <div class="row">{(rec.can ? rec.can.update : def.can.update) && !def.log && <a class="button" href={`/${def.name}/${id}/edit`}>{t('edit')}</a>}
      <button type="button" onClick={() => window.print()}>{t('print')}</button></div>
    <History module={module} def={def} id={id} />
  </article>
}
