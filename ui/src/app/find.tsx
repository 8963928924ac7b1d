// One search over residents, dwellings, tickets, notices.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { t } from '../i18n'

interface Hit { id: string; collection: string; title: string; sub: string }

export function Find() {
  const [q, setQ] = useState('')
  const [hits, setHits] = useState<Hit[] | null>(null)
  useEffect(() => {
    let on = true
    const timer = setTimeout(() => {
      if (q.trim() === '') setHits(null)
      else call<{ items: Hit[] }>('GET', '/search?q=' + encodeURIComponent(q)).then(h => on && setHits(h.items), () => on && setHits([]))
    }, 250)
    return () => { on = false; clearTimeout(timer) }
  }, [q])
  return <>
    <h1>{t('search')}</h1>
    <label>{t('search_hint')}<input type="search" value={q} onInput={e => setQ(e.currentTarget.value)} /></label>
    <div aria-live="polite">{hits && (hits.length === 0 ? <p class="quiet">{t('empty')}</p>
      : <ul class="plain card">{hits.map(h => <li key={h.id}><a href={`/${h.collection}/${h.id}`}>
        <span class="chip">{h.sub}</span><span class="grow">{h.title || h.id}</span></a></li>)}</ul>)}</div>
  </>
}
