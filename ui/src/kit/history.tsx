// What happened to a record, in words: who did what, when, and whether the parent has signed for it.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { session } from '../app/state'
import type { Collection, Module, Rec } from '../app/types'
import { lang, t, word } from '../i18n'
import { Waiting } from './state'
import { show, stamp } from './value'
import { waits } from './waits'

interface Entry { id: string; op: string; at: number; eff: number; user_name?: string; node: string; channel?: string; state: string; fields: Record<string, unknown> }
type ChannelKey = 'c_counter' | 'c_phone' | 'c_paper' | 'c_visit' | 'c_sms'
type OpKey = 'op_add' | 'op_set' | 'op_step' | 'op_delete' | 'op_restore' | 'op_remove' | 'op_alias' | 'op_unalias' | 'op_other'
const CHANNELS = ['counter', 'phone', 'paper', 'visit', 'sms']
const FIRST = 8
const CLAMPED = 60000 // ms: a clock that goes so much ahead is worth a word
/** A node by its name or its region: its id says nothing to people. */
const place = (node: string) => (session.value && node.indexOf(session.value.node.region) === 0 ? session.value.node.name : node.slice(0, 12))

function told(h: Entry, def: Collection, module: Module, rec: Rec): { head: string; body: string } {
  const step = def.workflow && h.op === 'step' ? def.workflow.steps.find(s => s.action === h.fields.action) : undefined
  if (step) return { head: word(step.label, step.action), body: h.fields.note ? String(h.fields.note) : '' }
  const names = Object.keys(h.fields).filter(n => def.fields.some(f => f.name === n))
  const body = h.op === 'add' ? '' : names.map(n => {
    const f = def.fields.find(x => x.name === n)
    return f ? word(f.label, n) + '：' + (show(h.fields[n], f, module, rec) || t('emptied')) : ''
  }).filter(Boolean).join('；')
  return { head: t(('op_' + h.op) as OpKey), body }
}

export function History({ module, def, rec, version }: { module: Module; def: Collection; rec: Rec; version: string }) {
  const [items, setItems] = useState<Entry[] | null>(null)
  const [all, setAll] = useState(false)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<{ items: Entry[] }>('GET', `/${def.name}/${rec.id}/history`).then(h => on && setItems(h.items), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [rec.id, version, lang.value])
  return <section class="card history"><h2>{t('history')}</h2>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!items && !wrong && <Waiting />}
    {items && <ol class="timeline">{(all ? items : items.slice(-FIRST)).slice().reverse().map(h => {
      const { head, body } = told(h, def, module, rec)
      return <li key={h.id} class={h.state === 'refused' || h.state === 'not_taken' ? h.state.replace('_', '-') : ''}><p><b>{head}</b> {h.channel && CHANNELS.indexOf(h.channel) >= 0 && <span class="chip">{t(('c_' + h.channel) as ChannelKey)}</span>}
        {h.state !== 'accepted' && <span class={'chip' + (h.state === 'refused' ? ' tone-bad' : '')}>{h.state === 'refused' ? t('refused') : h.state === 'not_taken' ? t('not_taken') : waits()}</span>}</p>
        {body && <p>{body}</p>}<p class="quiet">{stamp(h.at)} · {h.user_name || place(h.node)}{h.state === 'accepted' ? ' · ' + t('accepted') : ''}{h.eff < h.at - CLAMPED ? ' · ' + t('redated', { at: stamp(h.eff) }) : ''}</p></li>
    })}</ol>}
    {items && items.length > FIRST && !all && <button type="button" onClick={() => setAll(true)}>{t('all_n', { n: items.length })}</button>}
  </section>
}
