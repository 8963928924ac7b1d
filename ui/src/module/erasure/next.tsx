// What passes its time of keeping within thirty days, and the decision to hold it.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../../app/api'
import { collection } from '../../app/state'
import { word } from '../../i18n'
import { w } from '../../i18n/erasure'
import { Empty } from '../../kit/state'

interface Due { collection: string; class: string; id: string; due: string; act: 'erase' | 'delete'; title: unknown[]; hold?: string; count?: number; held?: number; until?: string; least?: boolean }

function Row({ d, held }: { d: Due; held: () => void }) {
  const [reason, setReason] = useState<string | null>(null)
  const [wrong, setWrong] = useState('')
  const found = collection(d.collection)
  const name = d.title.filter(x => typeof x === 'string').join(' ') || d.id
  function hold(e: Event) {
    e.preventDefault()
    call('POST', '/legal_hold', { object: d.id, reason }).then(held, x => setWrong(x instanceof ApiError ? word(x) : String(x)))
  }
  return <li class="card"><a class="title" href={`/${d.collection}/${d.id}`}>{name}</a>
    <p class="quiet">{found ? word(found.def.label, d.collection) : d.collection} · {d.due} · {w(d.act)}</p>
    {d.hold ? <a href={`/legal_hold/${d.hold}`}>{w('held')}</a>
      : reason === null ? <button type="button" aria-label={`${w('hold')} ${name}`} onClick={() => setReason('')}>{w('hold')}</button>
        : <form onSubmit={hold}><label>{w('reason')}<input required value={reason} maxLength={500} onInput={e => setReason(e.currentTarget.value)} /></label>
          <button type="submit" class="primary">{w('hold')}</button>{wrong && <p class="error" role="alert">{wrong}</p>}</form>}</li>
}

/** Many rows that mean nothing singly. */
function Sum({ d }: { d: Due }) {
  const found = collection(d.collection)
  return <li class="card"><p class="title">{found ? word(found.def.label, d.collection) : d.collection}{w(d.least ? 'count_least' : 'count', { n: d.count || 0 })}</p>
    <p class="quiet">{d.until === d.due ? d.due : w('from_to', { from: d.due, to: d.until || '' })} · {w(d.act)}{d.held ? ' · ' + w('held_n', { n: d.held }) : ''}</p></li>
}

export function Next() {
  const [items, setItems] = useState<Due[] | null>(null)
  const load = () => call<{ items: Due[] }>('GET', '/retention').then(r => setItems(r.items.slice().sort((a, b) => a.due < b.due ? -1 : 1)), () => setItems(null))
  useEffect(() => { void load() }, [])
  if (items === null) return null
  return <section class="block"><h2>{w('next')}</h2><p class="quiet">{w('next_what')}</p>
    {items.length === 0 ? <div class="card"><Empty text={w('next_none')} /></div>
      : <ul class="plain">{items.map(d => d.count ? <Sum key={d.collection} d={d} /> : <Row key={d.id} d={d} held={() => void load()} />)}</ul>}
  </section>
}
