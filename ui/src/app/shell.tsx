// The frame of every page: who and where, the switches, the sync strip, the ways to everything, the main part.
import type { ComponentChildren } from 'preact'
import { t } from '../i18n'
import { call } from './api'
import { leave } from './leave'
import { Drawer, Side, Tabs } from './nav'
import { elder, path, query, reachable, session, setElder, status, switchLang } from './state'
import { strip } from './strip'
import { Toasts } from './toast'
import { Icon } from '../kit/icon'
import { stamp } from '../kit/value'

const STRIP_ICON = { synced: 'check', pending: 'upload', offline: 'offline', alone: 'node', stopped: 'warn', doubt: 'warn', forked: 'warn', window: 'upload', metered: 'upload', unreachable: 'offline', unknown: 'sync' }

const clock = (ms: number) => stamp(ms).slice(11)

function Strip() {
  const s = strip(status.value, reachable.value)
  const may = session.value && session.value.staff && s.key !== 'alone'
  return <div class={'strip strip-' + s.key}><Icon name={STRIP_ICON[s.key]} /><span role="status">{t(s.key, { n: s.n, at: s.at ? clock(s.at) : '' })}</span>
    {may && <button type="button" class="link" onClick={() => void call('POST', '/sync').then(() => undefined, () => undefined)}>{t('sync_now')}</button>}</div>
}

/** Three roofs, one line: a neighbourhood. */
const Logo = () => <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d="M16 2L29 12v17H19v-9h-6v9H3V12zM16 6.5L7 13.5V25h3v-8h12v8h3V13.5z" /></svg>

export function Shell({ children }: { children: ComponentChildren }) {
  const s = session.value
  return <div class="shell">
    <a class="skip" href="#main">{t('skip')}</a>
    <header class="top">
      <a class="brand" href="/"><Logo /><span>{s ? s.node.name : '邻里'}</span></a>
      <button type="button" class="icon-button" aria-pressed={elder.value} onClick={() => setElder(!elder.value)}>{t(elder.value ? 'elder_off' : 'elder')}</button>
      <button type="button" class="icon-button only-wide" onClick={switchLang}>{t('language')}</button>
      {s && s.account
        ? <><a class="button icon-button only-wide" href="/me" data-who={s.account.login}><Icon name="person" />{s.account.shown_name}</a>
          <button type="button" class="icon-button only-wide" onClick={() => void leave()}>{t('logout')}</button></>
        : s && <a class="button icon-button only-wide" href="/login"><Icon name="login" />{t('login')}</a>}
    </header>
    <Strip />
    <div class="body">
      <Side />
      <main id="main" tabIndex={-1} data-page={path.value + query.value} data-who={s && s.account ? s.account.login : ''}>{children}
        <footer class="foot no-print"><a href="/lite">{t('lite')}</a><a href="/help">{t('help_me')}</a>{s && <span>{s.node.name} · {s.node.region} · {t('version')} {s.node.version}</span>}</footer>
      </main>
    </div>
    <Tabs /><Drawer /><Toasts />
  </div>
}
