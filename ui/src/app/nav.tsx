// Where one can go: what this caller can use, grouped by module; as a side menu, a drawer, and the bottom bar of a phone.
import { signal } from '@preact/signals'
import { t, word } from '../i18n'
import { collection, elder, modules, outbox, path, session, status } from './state'
import type { Collection, Module } from './types'
import { Dialog } from '../kit/dialog'
import { Icon } from '../kit/icon'

const MODULE_ICON: Record<string, string> = { home: 'account', registry: 'building', message: 'chat', publish: 'notice', ticket: 'report', service: 'service',
  work: 'calendar', asset: 'box', survey: 'vote', merchant: 'find', volunteer: 'heart', gov: 'node', interface: 'key', relocation: 'move' }
const open = signal(false)
const opened = signal<Record<string, boolean>>({})
export const closeDrawer = () => { open.value = false }

/** In the menu stands what has a list of its own and is not only a part of something else; a definition may say for whom. */
export function inMenu(c: Collection): boolean {
  const role = session.value ? session.value.role : 'guest'
  if (c.menu === false || !c.list) return false
  if (Array.isArray(c.menu)) return c.menu.indexOf(role) >= 0
  return !c.log
}
const here = (to: string) => path.value === to || path.value.indexOf(to + '/') === 0
const current = (to: string) => (here(to) ? 'page' as const : undefined)

function Group({ module, list }: { module: Module; list: Collection[] }) {
  const inside = list.some(c => here('/' + c.name))
  const is = opened.value[module.module] !== undefined ? opened.value[module.module] : inside
  const id = 'g-' + module.module
  return <li>
    <button type="button" class="nav-group" aria-expanded={is} aria-controls={id} onClick={() => { opened.value = { ...opened.value, [module.module]: !is } }}>
      <Icon name={MODULE_ICON[module.module]} />{word(module.label, module.module)}<Icon name="next" /></button>
    <ul class="plain" id={id} hidden={!is}>{list.map(c => <li key={c.name}><a href={'/' + c.name} aria-current={current('/' + c.name)}>{word(c.label, c.name)}</a></li>)}</ul>
  </li>
}

/** How much waits for somebody to decide; whoever holds no office sees only their own. */
function waiting(): number {
  const s = status.value && status.value.sync
  if (!s || !session.value || !session.value.account) return 0
  return (s.refused || 0) + (s.not_taken || 0) + (session.value.staff ? (s.conflicts || 0) + (s.duplicates || 0) : 0)
}

function Menu() {
  const s = session.value
  const groups = modules.value.filter(m => m.enabled).map(m => ({ m, list: m.collections.filter(inMenu) })).filter(g => g.list.length > 0)
  const link = (to: string, icon: string, text: string) => <li><a href={to} aria-current={to === '/' ? (path.value === '/' ? 'page' : undefined) : current(to)}><Icon name={icon} />{text}</a></li>
  return <nav class="nav" aria-label={t('menu')}>
    <ul class="plain">
      {link('/', 'home', t('home'))}
      {link('/search', 'search', t('search'))}
      {collection('thread') && s && s.account && link('/talk', 'chat', t('talk'))}
      {s && s.account && s.node.role !== 'community' && link('/nodes', 'node', t('nodes'))}
      {s && s.account && s.roles.some(r => /^(admin|committee|clerk|province|supervisor)$/.test(r)) && link('/devices', 'node', t('devices'))}
      {s && s.account && s.roles.some(r => /^(admin|committee|clerk|province)$/.test(r)) && link('/sticks', 'upload', t('sticks'))}
      {s && s.account && s.roles.some(r => /^(admin|committee|clerk|province)$/.test(r)) && link('/uplink', 'sync', t('link'))}
      {s && s.account && s.roles.some(r => /^(admin|committee|clerk|province|supervisor)$/.test(r)) && collection('subject_request') && link('/erasures', 'check', t('erasures'))}
      {waiting() > 0 && link('/queues', 'note', t('queues_n', { n: waiting() }))}
      {collection('stat_open') && link('/stats', 'chart', t('stats'))}
      {outbox.value.length > 0 && link('/outbox', 'upload', t('outbox_n', { n: outbox.value.length }))}
    </ul><hr />
    <ul class="plain">{groups.map(g => <Group key={g.m.module} module={g.m} list={g.list} />)}</ul><hr />
    <ul class="plain">
      {link('/help', 'help', t('help_me'))}
      {s && s.account && link('/me', 'person', t('me'))}
    </ul></nav>
}

export const Side = () => <div class="side"><Menu /></div>

export function Tabs() {
  const s = session.value
  const ticket = collection('ticket')
  const log = collection('work_log')
  const notes = log && log.def.can.create
  const tab = (to: string, icon: string, text: string, at = current(to)) => <a href={to} aria-current={at}><Icon name={icon} />{text}</a>
  const first = tab('/', 'home', t('home'), path.value === '/' ? 'page' : undefined)
  if (elder.value) return <nav class="tabs" aria-label={t('quick')}>{first}{tab('/help', 'help', t('help_me'))}{tab(s && s.account ? '/me' : '/login', 'person', t(s && s.account ? 'me' : 'login'))}</nav>
  return <nav class="tabs" aria-label={t('quick')}>{first}
    {tab('/search', 'search', t('search'))}
    {s && s.account && (notes ? tab('/note', 'note', t('note_down')) : ticket && ticket.def.can.create && tab('/ticket/new', 'add', t('report_it')))}
    {tab(s && s.account ? '/me' : '/login', 'person', t(s && s.account ? 'me' : 'login'))}
    <button type="button" aria-expanded={open.value} onClick={() => { open.value = true }}><Icon name="menu" />{t('sections_short')}</button></nav>
}

export function Drawer() {
  if (!open.value) return null
  return <Dialog drawer label={t('menu')} onClose={closeDrawer}>
    <div class="dialog-head"><h2>{t('menu')}</h2><button type="button" class="icon-button" aria-label={t('close')} onClick={closeDrawer}><Icon name="close" /></button></div>
    <div onClick={e => { if ((e.target as Element).closest('a')) closeDrawer() }}><Menu /></div></Dialog>
}
