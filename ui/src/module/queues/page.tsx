// What waits for a decision: possible duplicates, conflicts, refused changes; and what was decided.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../../app/api'
import { session, status } from '../../app/state'
import { word } from '../../i18n'
import { w } from '../../i18n/queues'
import { Empty, Waiting } from '../../kit/state'
import type { ScreenProps } from '..'
import { Conflicts } from './conflict'
import { Refused } from './refused'
import { Rulings } from './ruling'
import { Twins } from './twin'

export interface Page<T> { items: T[]; next: string | null }

/** One page of a queue, read again after every decision. */
export function Queue<T>({ path, none, draw }: { path: string; none: string; draw: (item: T, again: () => void) => ComponentChildren }) {
  const [page, setPage] = useState<Page<T> | null>(null)
  const [cursor, setCursor] = useState('')
  const [wrong, setWrong] = useState('')
  const load = () => call<Page<T>>('GET', path + (cursor ? (path.indexOf('?') < 0 ? '?' : '&') + 'cursor=' + cursor : ''))
    .then(p => { setPage(p); setWrong('') }, e => setWrong(e instanceof ApiError ? word(e) : String(e)))
  useEffect(() => { void load() }, [path, cursor])
  if (wrong) return <p class="error" role="alert">{wrong}</p>
  if (!page) return <Waiting />
  return <>
    {page.items.length === 0 && <Empty text={none} />}
    {page.items.map(item => draw(item, () => void load()))}
    <div class="row">{cursor !== '' && <button type="button" onClick={() => setCursor('')}>{w('first')}</button>}
      {page.next && <button type="button" onClick={() => setCursor(page.next || '')}>{w('more')}</button>}</div>
  </>
}

/** A decision: says what went wrong, else reads the queue again. */
export function useDecision(again: () => void): [(path: string, body: unknown) => Promise<void>, string, boolean] {
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  async function decide(path: string, body: unknown) {
    setBusy(true)
    setWrong('')
    try {
      await call('POST', path, body)
      again()
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(e.fields && e.fields.length > 0 ? e.fields.map(f => word(f)).join(' ') : word(e))
    }
    setBusy(false)
  }
  return [decide, wrong, busy]
}

export function Queues({ args }: ScreenProps) {
  const staff = !!(session.value && session.value.staff)
  const sync = status.value && status.value.sync
  const tabs = staff ? ['twins', 'conflicts', 'refused', 'rulings'] as const : ['refused'] as const
  const here = tabs.find(x => x === args[0]) || tabs[0]
  const count = (tab: string): number => !sync || !staff ? 0
    : tab === 'twins' ? sync.duplicates || 0 : tab === 'conflicts' ? sync.conflicts || 0 : tab === 'refused' ? (sync.refused || 0) + (sync.not_taken || 0) : 0
  return <>
    <h1>{w('queues')}</h1>
    <nav class="row" aria-label={w('queues')}>{tabs.map(x => <a key={x} class={'button' + (x === here ? ' primary' : '')} href={'/queues/' + x} aria-current={x === here ? 'page' : undefined}>
      {w(x)}{count(x) > 0 && <>&nbsp;<span class="count">{count(x)}</span></>}</a>)}</nav>
    {here === 'twins' ? <Twins /> : here === 'conflicts' ? <Conflicts /> : here === 'refused' ? <Refused /> : <Rulings />}
  </>
}
