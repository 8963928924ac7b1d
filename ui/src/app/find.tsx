// One search over everything that the reader may read.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { go, query } from './state'
import { lang, t } from '../i18n'
import { Row, type Item } from './blocks'
import { Icon } from '../kit/icon'
import { Empty, Waiting } from '../kit/state'

export function Find() {
  const asked = new URLSearchParams(query.value).get('q') || ''
  const [q, setQ] = useState(asked)
  const [hits, setHits] = useState<Item[] | null>(null)
  const [busy, setBusy] = useState(false)
  useEffect(() => { setQ(asked) }, [asked])
  useEffect(() => {
    let on = true
    const timer = setTimeout(() => {
      const words = q.trim()
      if (words !== asked) go('/search' + (words ? '?q=' + encodeURIComponent(words) : ''), true)
      if (words === '') return setHits(null)
      setBusy(true)
      call<{ items: Item[] }>('GET', '/search?q=' + encodeURIComponent(words)).then(h => on && setHits(h.items), () => on && setHits([])).then(() => on && setBusy(false))
    }, 250)
    return () => { on = false; clearTimeout(timer) }
  }, [q, lang.value])
  return <>
    <h1>{t('search')}</h1>
    <form class="searchbar" role="search" onSubmit={e => e.preventDefault()}><Icon name="search" /><input type="search" aria-label={t('search')} placeholder={t('search_hint')} value={q} onInput={e => setQ(e.currentTarget.value)} /></form>
    <div aria-live="polite">{q.trim() !== '' && (busy || !hits) && !(hits && hits.length) && <Waiting />}
      {hits && !(busy && hits.length === 0) && (hits.length === 0 ? <div class="card"><Empty text={t('none_fits')} icon="search" /></div>
        : <><p class="quiet">{t('found_n', { n: hits.length })}</p><ul class="plain card">{hits.map(h => <Row key={h.id} item={h} />)}</ul></>)}</div>
  </>
}
