// Talks with the node as node/web/README.md says. A failure is an ApiError with words for the reader.
import { lang, word } from '../i18n'

export interface FieldError { field: string; zh: string; en: string; warning?: boolean }

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, readonly zh: string, readonly en: string,
    readonly fields: FieldError[], readonly detail = '') {
    super(en)
  }
}

/** A failure in words, with the node's own sentence behind it where that is in the reader's language, too. */
export function said(e: unknown): string {
  if (!(e instanceof ApiError)) return String(e)
  const chinese = /[\u3400-\u9fff]/.test(e.detail)
  return word(e) + (e.detail && e.detail !== word(e) && chinese === (lang.value === 'zh') ? ' · ' + e.detail : '')
}

/** 16 random bytes as hex; randomUUID does not exist on plain http. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, b => (b + 256).toString(16).slice(1)).join('')
}

async function refusal(res: Response): Promise<ApiError> {
  const p = await res.json().catch(() => ({}))
  const text = String(p.title || res.statusText)
  return new ApiError(res.status, p.code || 'broken', p.zh || text, p.en || text, p.fields || [], p.detail || '')
}

async function sendFile(path: string, file: Blob): Promise<Response> {
  let res: Response
  try {
    res = await fetch('/api/v1' + path, { method: 'POST', credentials: 'same-origin', body: file,
      headers: { 'Content-Type': 'application/octet-stream', 'Accept-Language': lang.value } })
  } catch (e) {
    throw new ApiError(0, 'unreachable', '连不上社区服务器', 'The community server is out of reach', [])
  }
  if (!res.ok) throw await refusal(res)
  return res
}

/** A file as the body, as it is. */
export const post = <T>(path: string, file: Blob): Promise<T> => sendFile(path, file).then(res => res.json())

/** The same, when a file comes back: it is saved on the device. */
export async function fetched(path: string, file: Blob, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await sendFile(path, file)).blob())
  const a = document.createElement('a')
  a.href = url
  a.download = name
  document.body.appendChild(a)
  a.click()
  a.remove()
  setTimeout(() => URL.revokeObjectURL(url), 60000)
}

export async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const h: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang.value, ...headers }
  if (body !== undefined) h['Content-Type'] = 'application/json'
  let res: Response
  try {
    res = await fetch('/api/v1' + path, { method, headers: h, credentials: 'same-origin',
      body: body === undefined ? undefined : JSON.stringify(body) })
  } catch (e) {
    throw new ApiError(0, 'unreachable', '连不上社区服务器', 'The community server is out of reach', [])
  }
  if (!res.ok) throw await refusal(res)
  return res.status === 204 ? (undefined as T) : res.json()
}
