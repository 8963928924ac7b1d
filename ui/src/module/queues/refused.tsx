// Changes that were refused, void behind a revocation, or not taken: why, whose, from which device; saved again or let go.
import { useState } from 'preact/hooks'
import { collection, session } from '../../app/state'
import { word } from '../../i18n'
import type { Label } from '../../i18n'
import { w } from '../../i18n/queues'
import { show } from '../../kit/value'
import { Whose } from './conflict'
import { Queue, useDecision } from './page'

interface Item {
  change: string; why: string; words: Label; node: string; node_name?: string; user_name?: string; at: number; op: string; record: string; collection?: string
  fields?: Record<string, unknown>; title?: string; here?: boolean; mine: boolean; again: boolean
}
type OpKey = 'op_add' | 'op_set' | 'op_step' | 'op_delete' | 'op_restore' | 'op_remove' | 'op_alias' | 'op_unalias' | 'op_other'

function One({ item, again }: { item: Item; again: () => void }) {
  const [dropping, setDropping] = useState(false)
  const [reason, setReason] = useState('')
  const [decide, wrong, busy] = useDecision(again)
  const found = item.collection ? collection(item.collection) : undefined
  const staff = !!(session.value && session.value.staff)
  const send = (decision: string) => void decide('/refused', { change: item.change, decision, reason })
  const step = found && found.def.workflow && item.op === 'step' ? found.def.workflow.steps.find(s => s.action === (item.fields || {}).action) : undefined
  return <section class="card">
    <h2>{found ? word(found.def.label, item.collection) : w('protocol')} {found && item.here ? <a href={`/${item.collection}/${item.record}`}>{item.title || item.record}</a> : item.title}</h2>
    <p class="note warn">{word(item.words)}</p>
    <p><span class="chip">{item.op ? w(('op_' + item.op) as OpKey) : w('unread')}</span>{item.mine && <span class="chip">{w('yours')}</span>}<Whose x={item} /></p>
    {step && <p><b>{word(step.label, step.action)}</b></p>}
    {found && <dl>{found.def.fields.filter(f => show((item.fields || {})[f.name], f, found.module) !== '').map(f =>
      <div key={f.name}><dt>{word(f.label, f.name)}</dt><dd>{show((item.fields || {})[f.name], f, found.module)}</dd></div>)}</dl>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {dropping ? <div class="form"><label>{w('drop_why')}<input value={reason} maxLength={200} required onInput={e => setReason(e.currentTarget.value)} /></label>
      <div class="row"><button type="button" class="primary" disabled={busy || reason.trim() === ''} onClick={() => send('drop')}>{w('yes')}：{w('drop')}</button>
        <button type="button" onClick={() => setDropping(false)}>{w('no')}</button></div></div>
      : <div class="row">{staff && item.again && <button type="button" class="primary" disabled={busy} onClick={() => send('again')}>{w('again')}</button>}
        <button type="button" onClick={() => setDropping(true)}>{w('drop')}</button></div>}
  </section>
}

export function Refused() {
  return <Queue<Item> path="/refused" none={w('none_refused')} draw={(x, again) => <One key={x.change} item={x} again={again} />} />
}
