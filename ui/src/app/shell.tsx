// The frame of every page: who and where, switches, sync strip, sections, main part.
import type { ComponentChildren } from 'preact'
import { lang, setLang, t, word } from '../i18n'
import { call } from './api'
import { collection, elder, enter, go, modules, path, reachable, session, setElder, status } from './state'
import { dropDrafts } from '../kit/draft'
import { strip } from './strip'

function Strip() {
  const s = strip(status.value, reachable.value)
  const staff = session.value && session.value.account && session.value.role !== 'resident' && s.key !== 'alone'
  return <div class={'strip strip-' + s.key}><span role="status">{t(s.key, { n: s.n })}</span>
    {staff && <button type="button" class="link" onClick={() => void call('POST', '/sync').then(() => undefined, () => undefined)}>{t('sync_now')}</button>}</div>
}

async function leave() {
  dropDrafts()
  await call('DELETE', '/session')
  await enter()
  go('/')
}

function Nav() {
  const here = (to: string) => (path.value === to || path.value.startsWith(to + '/') ? 'page' as const : undefined)
  return (
    <nav class="nav" aria-label={t('menu')}>
      <a href="/" aria-current={path.value === '/' ? 'page' : undefined}>{t('home')}</a>
      <a href="/search" aria-current={here('/search')}>{t('search')}</a>
      {collection('thread') && session.value && session.value.account && <a href="/talk" aria-current={here('/talk')}>{t('talk')}</a>}
      {session.value && session.value.account && session.value.node.role !== 'community' && <a href="/nodes" aria-current={here('/nodes')}>{t('nodes')}</a>}
      {collection('stat_open') && <a href="/stats" aria-current={here('/stats')}>{t('stats')}</a>}
      {session.value && session.value.account && <a href="/password" aria-current={here('/password')}>{t('new_password')}</a>}
      {modules.value.filter(m => m.enabled).map(m => (
        <section key={m.module}>
          <h2>{word(m.label, m.module)}</h2>
          {m.collections.filter(c => c.list).map(c => <a key={c.name} href={'/' + c.name} aria-current={here('/' + c.name)}>{word(c.label, c.name)}</a>)}
        </section>
      ))}
    </nav>
  )
}

export function Shell({ children }: { children: ComponentChildren }) {
  const s = session.value
  return (
    <div class="shell">
      <a class="skip" href="#main">{t('skip')}</a>
      <header class="top">
        <a class="brand" href="/">{s ? s.node.name : '邻里'}</a>
        <button type="button" onClick={() => setElder(!elder.value)}>{t(elder.value ? 'elder_off' : 'elder')}</button>
        <button type="button" onClick={() => { setLang(lang.value === 'zh' ? 'en' : 'zh'); void enter() }}>{t('language')}</button>
        {s && s.account
          ? <button type="button" onClick={leave}>{t('logout')} · {s.account.shown_name}</button>
          : <a class="button" href="/login">{t('login')}</a>}
      </header>
      <Strip />
      <div class="body">
        <main id="main" tabIndex={-1}>{children}</main>
        <Nav />
      </div>
    </div>
  )
}
