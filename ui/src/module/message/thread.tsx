// One conversation: messages, what each asks for, and writing.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { session } from '../../app/state'
import { word } from '../../i18n'
import { w as t } from '../../i18n/message'
import { Files, Shown, type FileValue } from '../../kit/files'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { changed, usePoll } from './poll'
import { Icon } from '../../kit/icon'

interface Msg { id: string; at: number; who: string; from?: string; mine: boolean; body?: string; files?: FileValue[]; urgent?: boolean; confirm?: boolean; confirmed?: boolean; recalled?: boolean; about?: string }
interface Thread { id: string; kind: string; title: string; closed: boolean; write: boolean; listed: boolean; members: { id: string; name: string; me: boolean }[]; items: Msg[]; next?: string }
type Bad = (e: { zh: string; en: string }) => void

const QUICK = ['q_got', 'q_ok', 'q_call', 'q_thanks'] as const

function Quiet({ who, wrong }: { who: string; wrong: Bad }) {
  const [mine, setMine] = useState<{ id: string; kind: string } | null>(null)
  const load = () => call<{ items: { id: string; f: { who: string; kind: string } }[] }>('GET', '/quiet?who=' + who)
    .then(p => { const q = p.items.find(i => i.f.who === who); setMine(q ? { id: q.id, kind: q.f.kind } : null) }, wrong)
  useEffect(() => { void load() }, [who])
  const put = (kind: string) => call('POST', '/quiet', { who, kind }, { 'Idempotency-Key': newKey() }).then(load, wrong)
  return <>{mine ? <button type="button" onClick={() => void call('DELETE', '/quiet/' + mine.id).then(load, wrong)}>{t('unmute')}</button>
    : <><button type="button" onClick={() => void put('mute')}>{t('mute')}</button>{' '}
      <button type="button" title={t('block_sure')} onClick={() => void put('block')}>{t('block')}</button></>}</>
}

function One({ m, thread, wrong }: { m: Msg; thread: Thread; wrong: Bad }) {
  const send = (path: string, body: unknown) => call('POST', path, body, { 'Idempotency-Key': newKey() }).then(changed, wrong)
  return <li class={m.mine ? 'msg msg-mine' : 'msg'}>
    <p class="msg-head"><b>{m.who || t('node_itself')}</b> <time class="quiet">{stamp(m.at)}</time>{m.urgent && <span class="chip chip-bad">{t('urgent')}</span>}</p>
    {m.recalled ? <p class="quiet">{t('recalled')}</p> : <p class="plain-text">{m.body}</p>}
    {m.files && m.files.length > 0 && <Shown base={`/api/v1/talk/${thread.id}`} part={'/files/' + m.id} value={m.files} />}
    <p class="msg-foot">{m.about && <a class="button" href={m.about}>{t('look')}</a>}{m.confirm && !m.mine && (m.confirmed ? <span class="chip">{t('confirmed')}</span>
      : <button type="button" class="primary" onClick={() => void send('/confirmation', { message: m.id })}>{t('confirm_it')}</button>)}
      {m.mine && !m.recalled && <button type="button" class="link" onClick={() => void send('/message', { thread: thread.id, body: t('recalled'), recalls: m.id })}>{t('recall')}</button>}
      {thread.listed && !m.recalled && <a href={`/talk/${thread.id}/reading/${m.id}`}>{t('reading')}</a>}</p>
  </li>
}

function Write({ thread, wrong }: { thread: Thread; wrong: Bad }) {
  const place = 'draft/talk/' + thread.id
  const [body, setBody] = useState(() => { try { return localStorage.getItem(place) || '' } catch (e) { return '' } })
  const [files, setFiles] = useState<FileValue[]>([])
  const [urgent, setUrgent] = useState(false)
  const [confirm, setConfirm] = useState(false)
  const [busy, setBusy] = useState(false)
  const key = useRef(newKey())
  function type(text: string) {
    setBody(text)
    try { localStorage.setItem(place, text) } catch (e) { /* kept on the page alone */ }
  }
  async function send(text: string) {
    if (busy || text.trim() === '') return
    setBusy(true)
    try {
      const f: Record<string, unknown> = { thread: thread.id, body: text }
      if (files.length > 0) f.files = files.map(v => ({ sha: v.sha }))
      if (urgent) f.urgent = true
      if (confirm) f.confirm = true
      await call('POST', '/message', f, { 'Idempotency-Key': key.current })
      key.current = newKey()
      type('')
      setFiles([])
      setUrgent(false)
      setConfirm(false)
      changed()
    } catch (e) {
      if (!(e instanceof ApiError)) throw e
      wrong(e)
    }
    setBusy(false)
  }
  const staff = session.value && session.value.staff
  return <form class="card form write" onSubmit={e => { e.preventDefault(); void send(body) }}>
    <div class="row quick" role="group" aria-label={t('quick')}>{QUICK.map(q => <button type="button" key={q} disabled={busy} onClick={() => void send(t(q))}>{t(q)}</button>)}</div>
    <label>{t('body')}<textarea rows={3} value={body} onInput={e => type(e.currentTarget.value)} /></label>
    <details><summary>{t('more_ways')}</summary>
      <div class="field"><label for="talk-files">{t('files')}</label><Files id="talk-files" value={files} onChange={setFiles} /></div>
      <div class="checks"><label><input type="checkbox" checked={urgent} onChange={e => setUrgent(e.currentTarget.checked)} /> {t('is_urgent')}</label>
        {staff && <label><input type="checkbox" checked={confirm} onChange={e => setConfirm(e.currentTarget.checked)} /> {t('to_confirm')}</label>}</div></details>
    <button class="primary" disabled={busy || body.trim() === ''}>{t('send')}</button>
  </form>
}

export function Conversation({ id }: { id: string }) {
  const [wrong, setWrong] = useState('')
  const [older, setOlder] = useState<Msg[]>([])
  const [next, setNext] = useState<string | undefined>(undefined)
  const bad: Bad = e => setWrong(word(e))
  const end = useRef<HTMLDivElement>(null)
  const got = usePoll<Thread>('/talk/' + id, 4000, x => {
    setWrong('')
    if (older.length === 0) setNext(x.next)
    const last = x.items[x.items.length - 1]
    if (last && !document.hidden) void call('POST', `/talk/${id}/seen`, { upto: last.id, read: true }).catch(() => undefined)
    setTimeout(() => end.current && end.current.scrollIntoView({ block: 'nearest' }), 0)
  }, bad)
  if (!got) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const other = got.kind === 'direct' ? got.items.map(m => m.from).find(f => f) || (got.members.find(m => !m.me) || { id: '' }).id : ''
  const more = () => call<Thread>('GET', `/talk/${id}?cursor=${next || ''}`).then(x => { setOlder(x.items.concat(older)); setNext(x.next) }, bad)
  return <>
    <p class="crumb"><a href="/talk"><Icon name="back" />{t('all_talks')}</a></p>
    <h1>{got.title}</h1>
    {got.kind === 'group' && got.members.length > 0 && <p class="quiet">{t('members')}：{got.members.map(m => m.name).join('、')}</p>}
    {next && <button type="button" onClick={() => void more()}>{t('older')}</button>}
    <ol class="msgs" aria-live="polite">{older.concat(got.items).map(m => <One key={m.id} m={m} thread={got} wrong={bad} />)}</ol>
    <div ref={end} />
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {got.closed ? <p class="quiet">{t('closed')}</p> : got.write ? <Write thread={got} wrong={bad} /> : <p class="quiet">{t(got.kind === 'notice' ? 'no_answer' : 'no_reply')}</p>}
    {other !== '' && <div class="row"><Quiet who={other} wrong={bad} /></div>}
  </>
}
