// New records, corrections and steps that could not be sent: kept on the device for who wrote them, sent by themselves when the node is in
// reach again. A correction says which version it was made of: where somebody else was first it stays, with the reason, and is filled in anew.
import { ApiError, call } from '../app/api'
import { onEnter, onReach, outbox, session } from '../app/state'
import { toast } from '../app/toast'
import type { Rec, Waiting } from '../app/types'
import { both, t } from '../i18n'
import { bringKept } from './blobs'

const LOCAL = 'local:'
const place = () => 'outbox/' + (session.value && session.value.account ? session.value.account.id : '')

function keep(list: Waiting[]): void {
  outbox.value = list
  try {
    if (list.length > 0) localStorage.setItem(place(), JSON.stringify(list))
    else localStorage.removeItem(place())
  } catch (e) {
    toast(t('no_room'))
  }
}

/** Brings files that wait on the device, and names them in the body by what they became. */
export async function bring(body: Record<string, unknown>): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = { ...body }
  async function one(v: { sha: string; name?: string }): Promise<{ sha: string }> {
    if (v.sha.indexOf(LOCAL) !== 0) return { sha: v.sha }
    const key = v.sha.slice(LOCAL.length)
    const made = await bringKept(key, v.name || key.slice(-36))
    if (!made) throw new ApiError(422, 'invalid', '照片已不在本机，请重新选择', 'The photo is no longer on this device; choose it again', [])
    return { sha: made.sha }
  }
  for (const k of Object.keys(out)) {
    const v = out[k] as { sha?: unknown } | { sha?: unknown }[] | null
    if (Array.isArray(v) && v.length > 0 && v[0] && typeof v[0].sha === 'string') {
      const list: { sha: string }[] = []
      for (const x of v) list.push(await one(x as { sha: string }))
      out[k] = list
    } else if (v && !Array.isArray(v) && typeof v === 'object' && typeof v.sha === 'string') out[k] = await one(v as { sha: string })
    else if (v && !Array.isArray(v) && typeof v === 'object' && (k === 'set' || k === 'add')) out[k] = await bring(v as Record<string, unknown>)
  }
  return out
}

export function queue(w: Waiting): void {
  const before = w.act === 'set' ? outbox.value.find(x => x.act === 'set' && x.record === w.record && !x.wrong) : undefined
  const one = before ? { ...w, body: { ...before.body, ...w.body }, etag: before.etag } : w // two corrections of one record go as one
  keep(outbox.value.filter(x => x.key !== w.key && x !== before).concat(one))
}
export function unqueue(key: string): void {
  keep(outbox.value.filter(x => x.key !== key))
}

/** Whether the record says already what the correction says: the answer to it was lost, not the correction. */
const same = (rec: Rec, body: Record<string, unknown>) => Object.keys(body).every(k => {
  const plain = (v: unknown) => (v && typeof v === 'object' && 'sha' in v ? (v as { sha: string }).sha : v)
  const text = (v: unknown) => JSON.stringify(Array.isArray(v) ? v.map(plain) : plain(v))
  return text(rec.f[k] === undefined ? null : rec.f[k]) === text(body[k])
})

async function send(w: Waiting): Promise<string> {
  const body = await bring(w.body)
  const at = `/${w.collection}` + (w.record ? '/' + w.record : '')
  if (w.act === 'step') {
    await call<Rec>('POST', at + '/steps', body, { 'Idempotency-Key': w.key })
    return w.title
  }
  if (w.act !== 'set') return (await call<Rec>('POST', at, body, { 'Idempotency-Key': w.key })).title || w.title
  try {
    await call<Rec>('PATCH', at, body, { 'If-Match': w.etag || '' })
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 412 || !same(await call<Rec>('GET', at), body)) throw e
  }
  return w.title
}

let busy = false
export async function flush(): Promise<void> {
  if (busy || !session.value || !session.value.account) return
  busy = true
  for (const w of outbox.value.filter(x => !x.wrong)) {
    try {
      const title = await send(w)
      unqueue(w.key)
      toast(t('sent_now', { what: title }))
    } catch (e) {
      if (!(e instanceof ApiError) || e.status === 0 || e.status === 401 || e.status >= 500) break
      const wrong = e.status === 412 ? both('stale') : { zh: e.zh, en: e.en }
      keep(outbox.value.map(x => (x.key === w.key ? { ...x, wrong } : x)))
    }
  }
  busy = false
}

export function openOutbox(): void {
  onEnter.push(() => {
    try {
      outbox.value = JSON.parse(localStorage.getItem(place()) || '[]') as Waiting[]
    } catch (e) {
      outbox.value = []
    }
  })
  onReach.push(() => { if (outbox.value.length > 0) void flush() })
}
