// What every page shares: who is here, what the node defines, how far the sync is.
import { signal } from '@preact/signals'
import { ApiError, call } from './api'
import { lang } from '../i18n'
import type { Collection, Module, Session, Status } from './types'

const POLL_MS = 5000

export const session = signal<Session | null>(null)
export const modules = signal<Module[]>([])
export const status = signal<Status | null>(null)
export const reachable = signal(true)
export const elder = signal(false)
export const path = signal(location.pathname)

export function go(to: string): void {
  history.pushState(null, '', to)
  path.value = location.pathname
  window.scrollTo(0, 0)
}

export function setElder(on: boolean): void {
  elder.value = on
  document.documentElement.classList.toggle('elder', on)
  try {
    localStorage.setItem('elder', on ? '1' : '')
  } catch (e) { /* storage refused by the browser: the switch then lasts for this page only */ }
}

export function collection(name: string): { module: Module; def: Collection } | null {
  for (const module of modules.value)
    for (const def of module.collections)
      if (def.name === name) return { module, def }
  return null
}

export async function enter(): Promise<void> {
  const s = await call<Session>('GET', '/session')
  modules.value = (await call<{ modules: Module[] }>('GET', '/schema?lang=' + lang.value)).modules.sort((a, b) => a.rank - b.rank)
  session.value = s
  if (s.account && s.account.elder_mode) setElder(true)
}

export async function poll(): Promise<void> {
  try {
    status.value = await call<Status>('GET', '/status')
    reachable.value = true
  } catch (e) {
    reachable.value = !(e instanceof ApiError && e.status === 0)
    status.value = null
  }
  setTimeout(poll, document.hidden ? POLL_MS * 6 : POLL_MS)
}
