// Choosing another record: type, see what fits, choose. The chosen one is its id; what is shown is its title.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { t } from '../i18n'
import type { Rec } from '../app/types'

interface PickProps { id: string; to: string; value: string; title?: string; required?: boolean; bad?: boolean; onInput: (id: string) => void }

export function Pick({ id, to, value, title, required, bad, onInput }: PickProps) {
  const [text, setText] = useState(title || value)
  const [hits, setHits] = useState<Rec[]>([])
  const [open, setOpen] = useState(false)
  useEffect(() => {
    let on = true
    if (!open) return
    const timer = setTimeout(() => {
      call<{ items: Rec[] }>('GET', `/${to}?limit=12${text.trim() ? '&q=' + encodeURIComponent(text) : ''}`)
        .then(p => on && setHits(p.items), () => on && setHits([]))
    }, 200)
    return () => { on = false; clearTimeout(timer) }
  }, [text, open, to])
  function choose(r: Rec) {
    setText(r.title || r.id)
    setOpen(false)
    onInput(r.id)
  }
  return <div class="pick">
    <input id={id} value={text} required={required} aria-invalid={bad ? true : undefined} role="combobox" aria-expanded={open}
      aria-controls={id + '-list'} autocomplete="off" placeholder={t('type_to_find')} onFocus={() => setOpen(true)}
      onInput={e => { setText(e.currentTarget.value); setOpen(true); onInput('') }}
      onKeyDown={e => { if (e.key === 'Escape') setOpen(false); if (e.key === 'Enter' && open && hits.length > 0) { e.preventDefault(); choose(hits[0]) } }} />
    {open && <ul id={id + '-list'} role="listbox" class="plain card">{hits.length === 0 ? <li class="quiet">{t('empty')}</li>
      : hits.map(r => <li key={r.id} role="option" aria-selected={r.id === value}>
        <button type="button" onClick={() => choose(r)}>{r.title || r.id}</button></li>)}</ul>}
  </div>
}
