// Conflicts side by side: who wrote what, when, on which device; one is taken, another value filled in, or a step decided.
import { useState } from 'preact/hooks'
import { collection } from '../../app/state'
import type { Collection, Conflict, ConflictValue, Field, Module } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/queues'
import { Widget } from '../../kit/fields'
import { parse } from '../../kit/parse'
import { show, stamp } from '../../kit/value'
import { Queue, useDecision } from './page'

export interface Item { id: string; collection: string; title?: string; deleted?: boolean; into?: string; conflicts: Conflict[] }

export function Whose({ x }: { x: { user_name?: string; node_name?: string; node: string; at: number } }) {
  return <span class="quiet">{w('by_whom', { who: x.user_name || w('unknown'), device: x.node_name || x.node, when: stamp(x.at) })}</span>
}

const fieldOf = (def: Collection, unit: string) => def.fields.find(f => f.name === unit.split('/')[0])

function Said({ def, module, unit, v }: { def: Collection; module: Module; unit: string; v: ConflictValue }) {
  const own = fieldOf(def, unit)
  const names = Object.keys(v.fields || {})
  if (own && names.length <= 1) {
    const text = unit.indexOf('/') >= 0 ? String(v.value === undefined ? '' : v.value) : show(v.value, own, module)
    return <b>{text === '' ? w('empty') : text}</b>
  }
  return <b>{names.map(n => { const f = fieldOf(def, n); return f ? word(f.label, n) + '：' + show(v.fields && v.fields[n], f, module) : '' }).filter(Boolean).join('；') || w('empty')}</b>
}

export function Unit({ item, def, module, c, again }: { item: { id: string }; def: Collection; module: Module; c: Conflict; again: () => void }) {
  const [decide, wrong, busy] = useDecision(again)
  const [typing, setTyping] = useState(false)
  const own = fieldOf(def, c.unit)
  const [value, setValue] = useState('')
  const resolve = (body: Record<string, unknown>) => void decide(`/${def.name}/${item.id}/resolve`, { unit: c.unit, ...body })
  const button = (text: string, body: Record<string, unknown>, main = false) => <button type="button" class={main ? 'primary' : ''} disabled={busy} onClick={() => resolve(body)}>{text}</button>
  const edits = c.values.filter(v => v.op === 'set' || v.op === 'remove')
  const several = (c.unit === '@exists' || c.unit === '@alias') && edits.length === 0
  const heading = c.unit === '@exists' ? w('exists') : c.unit === '@alias' ? w('alias') : c.unit === '@state' ? w('state') : word((own || { label: undefined }).label, c.unit)
  const key = c.unit.indexOf('/') >= 0 ? '：' + c.unit.split('/')[1] : ''
  const shown = (v: ConflictValue) => {
    if (c.unit === '@state') return <b>{word((def.workflow && def.workflow.states[String(v.value)]) || undefined, String(v.value))}</b>
    if (v.op === 'delete') return <b>{w('was_deleted')}</b>
    if (v.op === 'alias') return <b>{w('was_merged')}</b>
    if (v.op === 'restore' || v.op === 'unalias') return <b>{w(v.op === 'restore' ? 'op_restore' : 'op_unalias')}</b>
    return <Said def={def} module={module} unit={c.unit[0] === '@' ? '' : c.unit} v={v} />
  }
  const all = () => edits.reduce((sum, v) => ({ ...sum, ...v.fields }), {} as Record<string, unknown>)
  return <section aria-label={heading}><h3>{heading}{key}</h3>
    <ul class="plain">{c.values.map(v => <li key={v.change} class="row"><div class="grow">{shown(v)}{' '}
      {(v.holds || v.taken) && <span class="chip">{w(c.unit === '@state' ? 'step_taken' : 'now')}</span>}
      {v.taken === false && <span class="chip chip-bad">{w('step_lost')}</span>}<br /><Whose x={v} /></div>
      {(c.unit[0] !== '@' || c.unit === '@state' || (several && v.op === 'alias')) && button(w('take'), { take: v.change })}</li>)}</ul>
    {c.unit === '@exists' && <div class="row">{button(w('restore'), { decision: 'restore' }, true)}{button(w('delete_it'), { decision: 'delete' })}</div>}
    {c.unit === '@alias' && <div class="row">{edits.length > 0 && !edits.some(v => masked(v)) && button(w('carry'), { decision: 'take', fields: all() }, true)}
      {!several && button(w('keep_merged'), { decision: 'take' })}{button(w('unmerge'), { decision: 'unmerge' })}</div>}
    {own && c.unit.indexOf('/') < 0 && !own.readonly && own.type !== 'file' && own.type !== 'files' && (typing
      ? <div class="form"><label for={`v-${item.id}-${c.unit}`}>{word(own.label, own.name)}</label>
        <Widget id={`v-${item.id}-${c.unit}`} field={own} module={module} value={value} onInput={setValue} />
        <div class="row">{button(w('save'), { value: typed(own, value) }, true)}<button type="button" onClick={() => setTyping(false)}>{w('no')}</button></div></div>
      : <button type="button" onClick={() => setTyping(true)}>{w('type_it')}</button>)}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </section>
}

const typed = (f: Field, text: string) => { const v = parse(text, f); return v === undefined ? null : v }
const masked = (v: ConflictValue) => Object.keys(v.fields || {}).some(n => /\*/.test(String((v.fields || {})[n])))

function One({ item, again }: { item: Item; again: () => void }) {
  const found = collection(item.collection)
  if (!found) return null
  const { def, module } = found
  return <section class="card">
    <h2>{word(def.label, def.name)} {item.deleted ? item.title || '' : <a href={`/${def.name}/${item.id}`}>{item.title || item.id}</a>}{' '}
      {item.deleted && <span class="chip chip-bad">{w('deleted')}</span>}</h2>
    {item.conflicts.map(c => <Unit key={c.unit} item={item} def={def} module={module} c={c} again={again} />)}
  </section>
}

export function Conflicts() {
  return <Queue<Item> path="/conflicts" none={w('none_conflicts')} draw={(x, again) => <One key={x.id} item={x} again={again} />} />
}
