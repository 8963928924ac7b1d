// District and province: the communities below with last contact, open and overdue tickets, as bars and as a table.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from './api'
import { session } from './state'
import { t, word } from '../i18n'
import { Empty, Waiting } from '../kit/state'
import { stamp } from '../kit/value'
import { PrintFoot } from '../kit/printfoot'
import { ago } from '../kit/when'

interface Node { region: string; name: string; node: string; role: string; self?: boolean; child: boolean; revoked: number; last_contact_ms: number; last_receipt_ms: number; lag_s: number | null; seq: number; receipt: number; open: number; overdue: number; late_here: number; queues?: Record<string, number> }
const HOUR = 3600
let kept: { for: string; items: Node[] } | null = null // the last ones, so that going back shows them at once

/** When it was last heard of: those further below speak through others, by the receipt of what came last. */
const heard = (n: Node) => (n.child ? n.last_contact_ms : n.last_receipt_ms)

export function Nodes() {
  return <><h1>{t('nodes')}</h1><NodesTable /><PrintFoot />
    <div class="row no-print"><button type="button" onClick={() => window.print()}>{t('print')}</button></div></>
}

/** What waits for a decision there, queue by queue, as the community counted it: "冲突 2 · 待核实 8". */
const QUEUES = ['conflicts', 'duplicates', 'refused', 'void', 'not_taken', 'stale'] as const
const settle = (q?: Record<string, number>) => QUEUES.filter(k => q && q[k] > 0).map(k => t(`queue_${k}`, { n: (q as Record<string, number>)[k] })).join(' · ')

export function NodesTable({ ready }: { ready?: () => void }) {
  const who = session.value && session.value.account ? session.value.account.id : ''
  const [items, setItems] = useState<Node[] | null>(kept && kept.for === who ? kept.items : null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    const load = () => call<{ items: Node[] }>('GET', '/nodes').then(n => {
      kept = { for: who, items: n.items.filter(x => !x.self && x.role !== 'laptop' && x.revoked === 0) }
      if (on) setItems(kept.items)
    },
      e => on && setWrong(e instanceof ApiError ? word(e) : String(e)))
    load()
    const timer = setInterval(load, 15000)
    return () => { on = false; clearInterval(timer) }
  }, [])
  useEffect(() => { if (ready && (items || wrong)) ready() }, [items !== null, wrong])
  const most = items ? Math.max(1, ...items.map(n => n.open)) : 1
  return <>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!items && !wrong && <Waiting />}
    {items && items.length === 0 && <div class="card"><Empty icon="node" /></div>}
    {items && items.length > 0 && <div class="scroll" tabIndex={0} role="region" aria-label={t('nodes')}><table class="tight">
      <thead><tr><th scope="col">{t('community')}</th><th scope="col">{t('contact')}</th><th scope="col">{t('open')}</th>
        <th scope="col">{t('overdue')}</th><th scope="col">{t('to_settle')}</th><th scope="col">{t('segments')}</th></tr></thead>
      <tbody>{items.map(n => <tr key={n.node}>
        <td><a href={'/stats?region=' + n.region}>{n.name}</a><br /><span class="quiet">{n.region}</span></td>
        <td>{heard(n) ? <time title={stamp(heard(n))}>{ago(heard(n))}</time> : t('never')}
          {n.lag_s !== null && n.lag_s > 24 * HOUR && <span class="chip chip-bad">{t('silent')}</span>}</td>
        <td><span class="bar" style={{ width: Math.round(n.open / most * 96) + 'px' }} aria-hidden="true" />{n.open}</td>
        <td>{n.overdue > 0 ? <a class="chip chip-bad" href={n.late_here > 0 ? `/ticket?region=${n.region}&overdue=1` : '/stats?region=' + n.region}>{n.overdue}</a> : 0}</td>
        <td class="one">{settle(n.queues) || 0}</td>
        <td>{n.receipt}/{n.seq}</td></tr>)}</tbody>
    </table></div>}
  </>
}
