// Before a report is filed: what stands open at the same place, with photo, to be joined instead.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { go } from '../../app/state'
import type { Collection } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/publish'
import { stamp } from '../../kit/value'

interface Item { id: string; title: string; state: string; created_at: number; joined: number; mine: boolean; metres?: number; photos: string[] }

export function Similar({ def, place, geo }: { def: Collection; place: string; geo: string }) {
  const [items, setItems] = useState<Item[]>([])
  const [wrong, setWrong] = useState('')
  const at = /^\s*(-?[\d.]+)[,，\s]+(-?[\d.]+)\s*$/.exec(geo)
  const query = [place && 'place=' + place, at && `lat=${at[1]}&lng=${at[2]}`].filter(x => x).join('&')
  useEffect(() => {
    let on = true
    if (query === '') setItems([])
    else call<{ items: Item[] }>('GET', `/similar/${def.name}?${query}`).then(r => on && setItems(r.items), () => on && setItems([]))
    return () => { on = false }
  }, [query])
  const join = (id: string) => call('POST', `/similar/${def.name}/${id}`, {}).then(() => go(`/${def.name}/${id}`), e => setWrong(word(e)))
  if (items.length === 0) return null
  return <section class="card warn" aria-label={w('similar')} role="status"><h2>{w('similar')}</h2><p class="quiet">{w('similar_what')}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <ul class="plain">{items.map(i => <li key={i.id}><p><b>{i.title}</b> <span class="quiet">{word(def.workflow && def.workflow.states[i.state], i.state)} · {stamp(i.created_at)} · {i.metres === undefined ? w('here') : w('metres', { n: i.metres })}
      {i.joined > 0 && ' · ' + w('joined', { n: i.joined })}</span></p>
      {i.photos.length > 0 && <ul class="files">{i.photos.slice(0, 2).map((sha, n) => <li key={sha}><img loading="lazy" src={`/api/v1/similar/${def.name}/${i.id}/${sha}`} alt={w('photo', { n: n + 1 })} /></li>)}</ul>}
      {i.mine ? <a class="button" href={`/${def.name}/${i.id}`}>{w('is_mine')}</a> : <button type="button" onClick={() => void join(i.id)}>{w('join')}</button>}</li>)}</ul>
  </section>
}
