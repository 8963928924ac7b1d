// A dialog that keeps the focus inside, ends with Escape, and gives the focus back to where it was.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface DialogProps { label: string; drawer?: boolean; wide?: boolean; onClose: () => void; children: ComponentChildren }
const CAN_FOCUS = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, summary, [tabindex="0"]'

export function Dialog({ label, drawer, wide, onClose, children }: DialogProps) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    const first = box.current && box.current.querySelector<HTMLElement>(CAN_FOCUS)
    if (first) first.focus()
    document.body.style.overflow = 'hidden'
    return () => {
      document.body.style.overflow = ''
      if (before && document.contains(before)) before.focus()
    }
  }, [])
  function key(e: KeyboardEvent) {
    if (e.key === 'Escape') { e.stopPropagation(); onClose() }
    if (e.key !== 'Tab' || !box.current) return
    const all = Array.from(box.current.querySelectorAll<HTMLElement>(CAN_FOCUS)).filter(x => x.offsetParent !== null)
    if (all.length === 0) return
    const at = document.activeElement
    if (e.shiftKey && at === all[0]) { e.preventDefault(); all[all.length - 1].focus() }
    if (!e.shiftKey && at === all[all.length - 1]) { e.preventDefault(); all[0].focus() }
  }
  return <div class={'veil' + (drawer ? ' drawer' : '')} onClick={e => { if (e.target === e.currentTarget) onClose() }}>
    <div class={'dialog' + (wide ? ' wide' : '')} role="dialog" aria-modal="true" aria-label={label} ref={box} onKeyDown={key}>{children}</div></div>
}
