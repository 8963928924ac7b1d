// Two records that may be one: side by side, which one stays, and what it takes from the other.
import { useState } from 'preact/hooks'
import { collection } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/queues'
import { show, stamp } from '../../kit/value'
import { Queue, useDecision } from './page'

interface Pair { collection: string; rule: string[]; differ: string[]; a: Rec & { created_at: number }; b: Rec & { created_at: number } }

function Twin({ pair, again }: { pair: Pair; again: () => void }) {
  const [keep, setKeep] = useState(pair.a.id)
  const [take, setTake] = useState<string[]>([])
  const [ask, setAsk] = useState('')
  const [reason, setReason] = useState('')
  const [decide, wrong, busy] = useDecision(again)
  const found = collection(pair.collection)
  if (!found) return null
  const { def, module } = found
  const fields = def.fields.filter(f => show(pair.a.f[f.name], f, module, pair.a) !== '' || show(pair.b.f[f.name], f, module, pair.b) !== '')
  const label = (name: string) => word((def.fields.find(f => f.name === name) || { label: undefined }).label, name)
  const other = keep === pair.a.id ? pair.b : pair.a
  const send = (decision: string) => decide('/duplicates', { collection: def.name, keep, drop: other.id, decision, take, reason })
  const flip = (name: string, on: boolean) => setTake(on ? take.concat(name) : take.filter(x => x !== name))
  const name = `keep-${pair.a.id}-${pair.b.id}`
  const column = (r: Pair['a']) => <th scope="col"><label class="check"><input type="radio" name={name} checked={keep === r.id} onChange={() => { setKeep(r.id); setTake([]) }} />
    {w(keep === r.id ? 'kept' : 'keep_this')}</label><a href={`/${def.name}/${r.id}`}>{r.title || word(def.label, def.name)}</a><br /><span class="quiet">{stamp(r.created_at)}</span></th>
  return <section class="card" aria-label={`${word(def.label, def.name)} ${pair.a.title || ''}`}>
    <p><span class="chip">{word(def.label, def.name)}</span>{w('because', { what: (pair.rule || []).map(label).join('、') })}</p>
    <div class="scroll" tabIndex={0} role="region" aria-label={pair.a.title || def.name}><table>
      <thead><tr><th scope="col">{w('field')}</th>{column(pair.a)}{column(pair.b)}</tr></thead>
      <tbody>{fields.map(f => {
        const differs = pair.differ.indexOf(f.name) >= 0
        return <tr key={f.name}><th scope="row">{word(f.label, f.name)}{differs && <><br /><span class="chip chip-bad">{w('differs')}</span></>}</th>
          {[pair.a, pair.b].map(r => <td key={r.id}>{show(r.f[f.name], f, module, r)}
            {differs && r === other && !f.readonly && !f.once && f.type !== 'file' && f.type !== 'files' && <label class="check"><input type="checkbox"
              checked={take.indexOf(f.name) >= 0} onChange={e => flip(f.name, e.currentTarget.checked)} />{w('use_theirs', { what: word(f.label, f.name) })}</label>}</td>)}</tr>
      })}</tbody></table></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {ask === '' ? <div class="row"><button type="button" class="primary" onClick={() => setAsk('merge')}>{w('merge')}</button>
      <button type="button" onClick={() => setAsk('different')}>{w('different')}</button></div>
      : <div class="form"><label>{w('reason')}<input value={reason} maxLength={200} onInput={e => setReason(e.currentTarget.value)} /></label>
        {ask === 'merge' && <p class="note warn">{w('sure_merge')}</p>}
        <div class="row"><button type="button" class="primary" disabled={busy} onClick={() => void send(ask)}>{w('yes')}：{w(ask === 'merge' ? 'merge' : 'different')}</button>
          <button type="button" onClick={() => setAsk('')}>{w('no')}</button></div></div>}
  </section>
}

export function Twins() {
  return <Queue<Pair> path="/duplicates" none={w('none_twins')} draw={(p, again) => <Twin key={p.a.id + p.b.id} pair={p} again={again} />} />
}
