// Conversations: the list, and by their path one conversation, a new one, and who has read a message.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { go, session } from '../../app/state'
import { word } from '../../i18n'
import { w as t } from '../../i18n/message'
import { Icon } from '../../kit/icon'
import { Empty, Waiting } from '../../kit/state'
import { ago } from '../../kit/when'
import type { ScreenProps } from '..'
import { Many } from './many'
import { Reading } from './reading'
import { Conversation } from './thread'
import { usePoll } from './poll'

interface Item { id: string; kind: string; title: string; unread: number; undelivered: boolean; urgent: boolean; muted: boolean; closed: boolean; at: number; last?: string; last_id?: string }
interface Listed { items: Item[]; unread: number }
interface Found { id: string; collection: string; name: string }

/** What this device was handed counts as delivered. */
function stamp(items: Item[]) {
  for (const i of items)
    if (i.undelivered && i.last_id) void call('POST', `/talk/${i.id}/seen`, { upto: i.last_id, read: false }).catch(() => undefined)
}

function All() {
  const [wrong, setWrong] = useState('')
  const got = usePoll<Listed>('/talk', 8000, l => stamp(l.items), e => setWrong(word(e)))
  const staff = session.value && session.value.staff
  async function desk() {
    try {
      const made = await call<{ id: string }>('POST', '/thread', { kind: 'desk' }, { 'Idempotency-Key': newKey() })
      go('/talk/' + made.id)
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(word(e))
    }
  }
  return <>
    <h1>{t('talk')}</h1>
    <div class="row">{!staff && <button type="button" class="primary" onClick={() => void desk()}><Icon name="chat" />{t('to_desk')}</button>}
      <a class={staff ? 'button primary' : 'button'} href="/talk/new"><Icon name="edit" />{t('write_to')}</a>
      {staff && <a class="button" href="/talk/many"><Icon name="people" />{t('to_many')}</a>}</div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!got && !wrong && <Waiting />}
    {got && got.items.length === 0 && <Empty text={t('none_yet')} icon="chat" />}
    {got && got.items.length > 0 && <ul class="plain card">{got.items.map(i => <li key={i.id}><a class="item" href={'/talk/' + i.id}>
      <span class="item-main"><span class="item-title">{i.title}</span>{i.last && <span class="item-sub">{i.last}</span>}</span>
      <span class="item-side">{i.urgent && <span class="chip tone-bad chip-bad">{t('urgent')}</span>}{i.muted && <span class="chip">{t('muted')}</span>}{i.closed && <span class="chip">{t('closed')}</span>}
        {i.unread > 0 && <span class="chip tone-main">{t('unread_n', { n: i.unread })}</span>}<time class="quiet">{ago(i.at)}</time></span></a></li>)}</ul>}
  </>
}

function New() {
  const [q, setQ] = useState('')
  const [hits, setHits] = useState<Found[]>([])
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    const timer = setTimeout(() => {
      call<{ items: Found[] }>('GET', '/talk/people?q=' + encodeURIComponent(q.trim())).then(p => on && setHits(p.items), e => on && setWrong(word(e)))
    }, 200)
    return () => { on = false; clearTimeout(timer) }
  }, [q])
  async function choose(f: Found) {
    try {
      const made = await call<{ id: string }>('POST', '/thread', { kind: 'direct', members: [f.id] }, { 'Idempotency-Key': newKey() })
      go('/talk/' + made.id)
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      setWrong(word(e))
    }
  }
  return <>
    <p class="crumb"><a href="/talk"><Icon name="back" />{t('all_talks')}</a></p>
    <h1>{t('write_to')}</h1>
    <label>{t('who')}<input type="search" value={q} placeholder={t('who_hint')} onInput={e => setQ(e.currentTarget.value)} /></label>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <ul class="plain card" aria-live="polite">{hits.map(h => <li key={h.id}><button type="button" class="item link-row" onClick={() => void choose(h)}>
      <Icon name={h.collection === 'home' ? 'building' : 'person'} /><span class="item-main">{h.name}</span></button></li>)}</ul>
  </>
}

export function Talk({ args }: ScreenProps) {
  const [id, verb, message_id] = args
  if (!id) return <All />
  if (id === 'new') return <New />
  if (id === 'many') return <Many />
  return verb === 'reading' ? <Reading thread={id} message={message_id || ''} /> : <Conversation id={id} />
}
