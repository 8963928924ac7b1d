// Start: read who is here, then draw; every in-app link goes through one listener.
import './old'
import { render } from 'preact'
import '@preact/signals'
import { Help } from './app/help'
import { ahead, Home } from './app/home'
import { Leaving } from './app/leave'
import { Login } from './app/login'
import { Me } from './app/me'
import { Outbox } from './app/outbox' // not fetched when needed: it is needed when nothing can be fetched
import { Shell } from './app/shell'
import { arrive, collection, define, enter, go, path, poll, reachable, remember, session, whole } from './app/state'
import { t } from './i18n'
import { screens } from './module'
import { lazy } from './kit/lazy'
import { openOutbox } from './kit/outbox'
import { Waiting } from './kit/state'

const load = {
  list: () => import('./kit/list').then(m => m.List),
  record: () => import('./kit/record').then(m => m.Record),
  form: () => import('./kit/form').then(m => m.Form),
  find: () => import('./app/find').then(m => m.Find)
}
const List = lazy(load.list)
const Record = lazy(load.record)
const Form = lazy(load.form)
const Find = lazy(load.find)
const Import = lazy(() => import('./kit/import').then(m => m.Import))
const Nodes = lazy(() => import('./app/nodes').then(m => m.Nodes))
const Password = lazy(() => import('./app/password').then(m => m.Password))
const Board = lazy(() => import('./print/board').then(m => m.Board))
const Sheet = lazy(() => import('./print/sheet').then(m => m.Sheet))
const Stats = lazy(() => import('./app/stats').then(m => m.Stats))
const SHEETS = ['sheet', 'slip', 'poster']

function Page() {
  const [name, id, verb] = path.value.split('/').slice(1)
  const account = session.value && session.value.account
  if (!name) return <Home />
  if (name === 'login') return <Login />
  if (name === 'search') return <Find />
  if (session.value && !whole.value) {
    void define()
    return <Waiting />
  }
  if (name === 'help') return <Help />
  if (session.value) {
    if (name === 'nodes') return <Nodes />
    if (name === 'stats') return <Stats />
    if (name === 'board') return <Board />
    if (account && name === 'me') return <Me />
    if (account && name === 'password') return <Password />
    if (account && name === 'outbox') return <Outbox />
  }
  const Screen = screens[name]
  if (Screen && session.value) return <Screen key={path.value} args={path.value.split('/').slice(2)} />
  const found = collection(name)
  if (!found && session.value && !account) return <Login />
  if (!found) return session.value ? <><h1>{t('not_found')}</h1><p><a class="button" href="/">{t('home')}</a></p></> : reachable.value ? <Waiting /> : <p role="status">{t('unreachable')}</p>
  if (id === 'import') return <Import key={name} def={found.def} />
  if (id === 'new') return <Form key={name} {...found} />
  if (id && SHEETS.indexOf(verb) >= 0) return <Sheet key={path.value} {...found} id={id} kind={verb} />
  return id ? <Record key={name + id} {...found} id={id} edit={verb === 'edit'} /> : <List key={name} {...found} />
}

function App() {
  return <Shell><Page /><Leaving /></Shell>
}

document.addEventListener('click', e => {
  const a = (e.target as Element).closest('a')
  if (!a || a.origin !== location.origin || a.hasAttribute('download') || a.hash || e.ctrlKey || e.metaKey || e.shiftKey) return
  if (/^\/(api|feed|lite|print|log|metrics)(\/|$)/.test(a.pathname)) return
  e.preventDefault()
  go(a.pathname + a.search)
  const main = document.getElementById('main')
  if (main) main.focus()
})
window.addEventListener('popstate', arrive)

remember()
openOutbox()
const root = document.getElementById('app')
if (root) setTimeout(() => render(<App />, root), 0) // not in one go with the reading of the program: an old phone answers in between
async function start(): Promise<void> {
  try {
    await enter()
  } catch (e) {
    setTimeout(start, 3000)
  }
}
if (path.value === '/') ahead()
start()
poll()
// What is needed next comes while nothing else does, so that a form opens during an outage too.
window.addEventListener('load', () => setTimeout(() => {
  if (session.value) void define()
  Object.values(load).forEach(f => void f().then(() => undefined, () => undefined))
}, 1500))
