// Who was asked to erase a person's data, who has signed that it is done, and who has not yet.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { w } from '../../i18n/erasure'
import { stamp } from '../../kit/value'
import { Empty, Waiting } from '../../kit/state'
import { session } from '../../app/state'
import { Next } from './next'

interface Holder { node: string; name: string; region: string; done: number }
interface Erasure { id: string; at: number; by: string; by_name: string; cause: 'request' | 'withdraw' | 'retention'; holders: Holder[]; missing: number }

function One({ e }: { e: Erasure }) {
  return <section class="block"><h2>{w('asked', { when: stamp(e.at), who: e.by_name })}</h2>
    <p>{w(e.cause)} · {e.missing ? <b class="late">{w('missing', { n: e.missing })}</b> : w('all_done')}</p>
    <div class="table"><table><thead><tr><th scope="col">{w('holder')}</th><th scope="col">{w('region')}</th><th scope="col">{w('signed')}</th></tr></thead>
      <tbody>{e.holders.map(h => <tr key={h.node}><th scope="row">{h.name}</th><td>{h.region}</td><td>{h.done ? stamp(h.done) : <b class="late">{w('not_yet')}</b>}</td></tr>)}</tbody></table></div>
  </section>
}

export function Board() {
  const [items, setItems] = useState<Erasure[] | null>(null)
  const [wrong, setWrong] = useState(false)
  useEffect(() => {
    const load = () => call<{ items: Erasure[] }>('GET', '/erasures').then(r => { setItems(r.items.slice().sort((a, b) => b.at - a.at)); setWrong(false) }, () => setWrong(true))
    void load()
    const timer = setInterval(() => void load(), 15000)
    return () => clearInterval(timer)
  }, [])
  return <><h1>{w('title')}</h1><p class="quiet">{w('what')}</p>
    {wrong && <p class="error" role="alert">{w('wrong')}</p>}
    {items === null ? !wrong && <Waiting /> : items.length === 0 ? <div class="card"><Empty text={w('none')} /></div> : items.map(e => <One key={e.id} e={e} />)}
    {session.value && session.value.roles.some(r => /^(admin|committee)$/.test(r)) && <Next />}
  </>
}
