// Where a circular went, and what each place has done with it.
import type { PanelProps } from '..'
import { collection } from '../../app/state'
import { word } from '../../i18n'
import { w } from '../../i18n/message'
import { stamp } from '../../kit/value'

interface Place { region: string; name: string; state: string; id?: string; received_at?: number; done_at?: number }

export function Delivery({ rec }: PanelProps) {
  const list = rec.f.delivery as Place[] | undefined
  if (!list || list.length === 0) return null
  const found = collection('dispatch')
  const flow = found && found.def.workflow
  const state = (s: string) => (s === 'underway' ? w('underway') : word(flow ? flow.states[s] : undefined, s))
  const has = (...states: string[]) => list.filter(p => states.indexOf(p.state) >= 0).length
  return <section class="card" id="delivery"><h2>{w('delivery')}</h2>
    <p>{w('delivered_n', { n: has('received', 'done', 'closed'), of: list.length, done: has('done', 'closed') })}</p>
    <div class="scroll" tabIndex={0} role="region" aria-label={w('delivery')}><table>
      <thead><tr><th scope="col">{w('place')}</th><th scope="col">{w('state')}</th><th scope="col">{w('received_at')}</th><th scope="col">{w('done_at')}</th></tr></thead>
      <tbody>{list.map(p => <tr key={p.region}>
        <th scope="row">{p.id ? <a href={`/dispatch/${p.id}`} aria-label={w('open_it', { name: p.name })}>{p.name}</a> : p.name}</th>
        <td>{state(p.state)}</td><td>{p.received_at ? stamp(p.received_at) : ''}</td><td>{p.done_at ? stamp(p.done_at) : ''}</td></tr>)}</tbody>
    </table></div></section>
}
