// What was decided, by whom; a merge can be undone, and two called different judged again.
import { collection } from '../../app/state'
import type { Rec } from '../../app/types'
import { w } from '../../i18n/queues'
import { show, stamp } from '../../kit/value'
import { Queue, useDecision } from './page'

function One({ rec, again }: { rec: Rec & { created_at: number }; again: () => void }) {
  const [decide, wrong, busy] = useDecision(again)
  const found = collection('ruling')
  if (!found) return null
  const text = (name: string) => show(rec.f[name], found.def.fields.find(f => f.name === name), found.module, rec)
  const titled = (name: string) => { const id = String(rec.f[name] || ''); return (rec.refs && rec.refs[name] && rec.refs[name][id]) || '' }
  const where = String(rec.f.collection || '')
  const back = rec.f.decision === 'same' ? 'unmerge' : rec.f.decision === 'different' ? 'reopen' : ''
  return <section class="card row"><div class="grow"><b>{text('kind')}：{text('decision')}</b>{' '}
    {where && rec.f.record ? <a href={`/${where}/${String(rec.f.record)}`}>{titled('record') || w('record')}</a> : ''}{' '}
    <span class="quiet">{titled('author')} {stamp(rec.created_at)}</span>{rec.f.reason ? <><br />{text('reason')}</> : ''}
    {wrong && <p class="error" role="alert">{wrong}</p>}</div>
    {back !== '' && where && <button type="button" disabled={busy} onClick={() => void decide('/duplicates',
      { collection: where, keep: rec.f.record, drop: rec.f.other, decision: back })}>{w(back === 'unmerge' ? 'unmerge' : 'undo')}</button>}</section>
}

export function Rulings() {
  return <Queue<Rec & { created_at: number }> path="/ruling?sort=-id" none={w('none_rulings')} draw={(x, again) => <One key={x.id} rec={x} again={again} />} />
}
