// Choosing another record: type, see what fits, choose. The chosen one is its id; what is shown is its title.
import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from '../app/api'
import { t } from '../i18n'

const INDEXED_MS = 1500 // a record just added is found by its words a moment later

interface Hit { id: string; collection?: string; title?: string; sub?: string }
interface PickProps { id: string; to: string; value: string; title?: string; required?: boolean; bad?: boolean; describedBy?: string; onInput: (id: string) => void }

export function Pick({ id, to, value, title, required, bad, describedBy, onInput }: PickProps) {
  const [text, setText] = useState(title || '')
  const [hits, setHits] = useState<Hit[]>([])
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const chosen = useRef('')
  useEffect(() => {
    let on = true
    if (value && value !== chosen.current && !title && to !== '*') call<Hit>('GET', `/${to}/${value}`).then(r => on && setText(r.title || ''), () => on && setText(''))
    return () => { on = false }
  }, [value])
  useEffect(() => {
    let on = true
    if (!open) return
    const words = text.trim()
    const url = to === '*' ? '/search?q=' + encodeURIComponent(words) : `/${to}?limit=12${words ? '&q=' + encodeURIComponent(words) : ''}`
    let timer = setTimeout(ask, 200, true)
    function ask(again: boolean) {
      const found = (all: Hit[]) => {
        if (!on) return
        setHits(all.slice(0, 12))
        setAt(0)
        if (all.length === 0 && again) timer = setTimeout(ask, INDEXED_MS, false)
      }
      call<{ items: Hit[] }>('GET', url).then(p => found(p.items), () => found([]))
    }
    return () => { on = false; clearTimeout(timer) }
  }, [text, open, to])
  function choose(r: Hit) {
    setText(r.title || t('untitled'))
    setOpen(false)
    chosen.current = r.id
    onInput(r.id)
  }
  function key(e: KeyboardEvent) {
    if (e.key === 'Escape') setOpen(false)
    if (e.key === 'ArrowDown') { e.preventDefault(); setOpen(true); setAt(Math.min(at + 1, hits.length - 1)) }
    if (e.key === 'ArrowUp') { e.preventDefault(); setAt(Math.max(at - 1, 0)) }
    if (e.key === 'Enter' && open && hits.length > 0) { e.preventDefault(); choose(hits[at] || hits[0]) }
  }
  return <div class="pick" onFocusOut={e => { if (!(e.currentTarget as HTMLElement).contains(e.relatedTarget as Node | null)) setOpen(false) }}>
    <input id={id} value={text} required={required} aria-invalid={bad ? true : undefined} aria-describedby={describedBy} role="combobox" aria-expanded={open} aria-autocomplete="list"
      aria-controls={id + '-list'} aria-activedescendant={open && hits[at] ? `${id}-${at}` : undefined} autocomplete="off" placeholder={t('type_to_find')} onFocus={() => setOpen(true)}
      onInput={e => { setText(e.currentTarget.value); setOpen(true); if (value) onInput('') }} onKeyDown={key} />
    {open && <ul id={id + '-list'} role="listbox" class="plain card">{hits.length === 0 ? <li class="quiet" role="option" aria-selected={false}>{t('empty')}</li>
      : hits.map((r, i) => <li key={r.id} id={`${id}-${i}`} role="option" aria-selected={i === at}>
        <button type="button" tabIndex={-1} onMouseDown={e => e.preventDefault()} onClick={() => choose(r)}>{r.title || t('untitled')}</button></li>)}</ul>}
  </div>
}
