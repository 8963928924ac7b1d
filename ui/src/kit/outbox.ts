// New records that could not be sent: kept on the device for who wrote them, sent by themselves when the node is in reach again.
import { ApiError, call, post } from '../app/api'
import { onEnter, onReach, outbox, session } from '../app/state'
import { toast } from '../app/toast'
import type { Rec, Waiting } from '../app/types'
import { t } from '../i18n'
import { dropBlob, getBlob } from './blobs'
import type { FileValue } from './files'

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
    const blob = await getBlob(key)
    if (!blob) throw new ApiError(422, 'invalid', '照片已不在本机，请重新选择', 'The photo is no longer on this device; choose it again', [])
    const made = await post<FileValue>('/files?name=' + encodeURIComponent(v.name || key.slice(-36)), blob)
    await dropBlob(key)
    return { sha: made.sha }
  }
  for (const k of Object.keys(out)) {
    const v = out[k] as { sha?: unknown } | { sha?: unknown }[] | null
    if (Array.isArray(v) && v.length > 0 && v[0] && typeof v[0].sha === 'string') {
      const list: { sha: string }[] = []
      for (const x of v) list.push(await one(x as { sha: string }))
      out[k] = list
    } else if (v && !Array.isArray(v) && typeof v === 'object' && typeof v.sha === 'string') out[k] = await one(v as { sha: string })
  }
  return out
}

export function queue(w: Waiting): void {
  keep(outbox.value.filter(x => x.key !== w.key).concat(w))
}
export function unqueue(key: string): void {
  keep(outbox.value.filter(x => x.key !== key))
}

let busy = false
export async function flush(): Promise<void> {
  if (busy || !session.value || !session.value.account) return
  busy = true
  for (const w of outbox.value.filter(x => !x.wrong)) {
    try {
      const saved = await call<Rec>('POST', '/' + w.collection, await bring(w.body), { 'Idempotency-Key': w.key })
      unqueue(w.key)
      toast(t('sent_now', { what: saved.title || w.title }))
    } catch (e) {
      if (!(e instanceof ApiError) || e.status === 0 || e.status === 401 || e.status >= 500) break
      keep(outbox.value.map(x => (x.key === w.key ? { ...x, wrong: { zh: e.zh, en: e.en } } : x)))
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
