// A long request and how far it is: asked for under a key of our own while it runs.
import { useEffect, useRef, useState } from 'preact/hooks'
import { call, newKey } from '../app/api'
import { w } from '../i18n/import'

export interface Far { phase: 'check' | 'save' | 'undo'; done: number; total: number }
const EVERY = 700

/** `begin` gives the key to send along; `end` when the answer is there. */
export function useProgress(): { far: Far | null; begin: () => string; end: () => void } {
  const [far, setFar] = useState<Far | null>(null)
  const timer = useRef(0)
  const end = () => { window.clearInterval(timer.current); setFar(null) }
  useEffect(() => () => window.clearInterval(timer.current), [])
  function begin() {
    const key = newKey()
    window.clearInterval(timer.current)
    timer.current = window.setInterval(() => { call<Far>('GET', '/import?key=' + key).then(setFar, () => undefined) }, EVERY)
    return key
  }
  return { far, begin, end }
}

export function Progress({ far }: { far: Far }) {
  const text = w(far.phase, { done: far.done, total: far.total || '…' })
  return <div role="status"><p>{text}</p><div class="progress" role="progressbar" aria-label={text} aria-valuemin={0} aria-valuemax={far.total} aria-valuenow={far.done}>
    <i style={{ width: (far.total > 0 ? Math.round(100 * far.done / far.total) : 0) + '%' }} /></div></div>
}
