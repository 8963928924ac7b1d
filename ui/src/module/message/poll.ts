// Asking again and again, but only for what changed: the node answers 304 to a known ETag.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'

/** Whatever `path` answers, asked for every `ms`; seldom while nobody looks. `again` is called with each new answer. */
export function usePoll<T>(path: string, ms: number, again: (got: T) => void, failed: (e: { zh: string; en: string }) => void): T | null {
  const [got, setGot] = useState<T | null>(null)
  useEffect(() => {
    let on = true
    let timer = 0
    let last = ''
    async function ask() {
      try {
        const next = await call<T>('GET', path) // the browser keeps the ETag and what it stands for
        const text = JSON.stringify(next)
        if (on && text !== last) {
          last = text
          setGot(next)
          again(next)
        }
      } catch (e) {
        if (on) failed(e as { zh: string; en: string })
      }
      if (on) timer = window.setTimeout(ask, document.hidden ? ms * 8 : ms)
    }
    const now = () => { if (!document.hidden) { clearTimeout(timer); void ask() } }
    void ask()
    document.addEventListener('visibilitychange', now)
    window.addEventListener('talk-changed', now)
    return () => { on = false; clearTimeout(timer); document.removeEventListener('visibilitychange', now); window.removeEventListener('talk-changed', now) }
  }, [path])
  return got
}

/** After something was sent: ask at once. */
export const changed = () => window.dispatchEvent(new Event('talk-changed'))
