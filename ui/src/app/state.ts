// What every page shares: who is here, what the node defines, how far the sync is.
import { signal } from '@preact/signals'
import { ApiError, call } from './api'
import type { Collection, Module, Session, Status, Waiting } from './types'
import { lang, setLang } from '../i18n'

const POLL_MS = 5000

export const session = signal<Session | null>(null)
export const modules = signal<Module[]>([])
export const whole = signal(false) // `modules` holds fields and workflows, too
export const status = signal<Status | null>(null)
export const reachable = signal(true)
export const elder = signal(false)
export const path = signal(location.pathname)
export const query = signal(location.search)
export const desk = signal(false) // room for a side menu and two columns
export const narrow = signal(false) // a phone held upright: cards instead of tables
export const added = signal('') // the record that was just sent, whose page says so
export const outbox = signal<Waiting[]>([]) // what could not be sent yet, of who is signed in

/** Draws the page of the present address. */
export function arrive(): void {
  path.value = location.pathname
  query.value = location.search
}

export function go(to: string, instead = false): void {
  if (instead) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  const before = path.value
  arrive()
  if (path.value !== before) window.scrollTo(0, 0)
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

/** The other language: what the node defines comes in it, too. */
export function switchLang(): void {
  setLang(lang.value === 'zh' ? 'en' : 'zh')
  void enter().then(() => undefined, () => undefined)
}

/** What else is to be read anew when somebody comes or goes. */
export const onEnter: (() => void)[] = []
export const onReach: (() => void)[] = []

let turn = 0 // an answer that was asked for before a login does not undo it

/** What nodes write for each other (keys, numbers of theirs) is no text for people. */
const forPeople = (m: Module): Module => ({ ...m, collections: m.collections.map(c => (c.fields ? { ...c, fields: c.fields.filter(f => !f.internal || !/^(str|text)$/.test(f.type)) } : c)) })
const schema = (more: string) => call<{ modules: Module[] }>('GET', '/schema?lang=' + lang.value + more).then(x => x.modules.map(forPeople).sort((a, b) => a.rank - b.rank))
let asked: Promise<void> | null = null

/** Sees to it that the whole of the definitions comes. */
export function define(): Promise<void> {
  if (whole.value) return Promise.resolve()
  if (!asked) {
    const mine: Promise<void> = schema('').then(list => {
      if (asked !== mine) return
      modules.value = list
      whole.value = true
    }, () => {
      if (asked !== mine) return
      asked = null
      setTimeout(define, 3000)
    })
    asked = mine
  }
  return asked
}

/** Who is here, and enough of the definitions for the menu; the whole of them comes when it is needed. */
export async function enter(): Promise<void> {
  const mine = ++turn
  const [s, list] = await Promise.all([call<Session>('GET', '/session'), schema('&brief=1')])
  if (mine !== turn) return
  whole.value = false
  asked = null
  modules.value = list
  session.value = s
  for (const f of onEnter) f()
  if (s.account && s.account.elder_mode) setElder(true)
}

/** What this device remembers: the language, elder mode; and what it is: a phone or a desk. */
export function remember(): void {
  try {
    if (localStorage.getItem('elder') === '1') setElder(true)
    if (localStorage.getItem('lang') === 'en') setLang('en')
  } catch (e) { /* no storage: standard mode, Chinese */ }
  lang.subscribe(l => {
    try { localStorage.setItem('lang', l) } catch (e) { /* for this page only */ }
  })
  const phone = window.matchMedia('(max-width: 719px)')
  const wide = window.matchMedia('(min-width: 1000px)')
  const see = () => {
    narrow.value = phone.matches
    desk.value = wide.matches
  }
  phone.addListener(see)
  wide.addListener(see)
  see()
}

export async function poll(): Promise<void> {
  try {
    status.value = await call<Status>('GET', '/status')
    reachable.value = true
    for (const f of onReach) f()
  } catch (e) {
    reachable.value = !(e instanceof ApiError && e.status === 0)
    status.value = null
  }
  setTimeout(poll, document.hidden ? POLL_MS * 6 : POLL_MS)
}
