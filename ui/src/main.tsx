// Start: read who is here, then draw; every in-app link goes through one listener.
import { render } from 'preact'
import '@preact/signals'
import { Find } from './app/find'
import { Home } from './app/home'
import { Login } from './app/login'
import { Nodes } from './app/nodes'
import { Password } from './app/password'
import { Shell } from './app/shell'
import { Stats } from './app/stats'
import { collection, enter, go, path, poll, reachable, session, setElder } from './app/state'
import { t } from './i18n'
import { Form } from './kit/form'
import { Import } from './kit/import'
import { List } from './kit/list'
import { Record } from './kit/record'
import { screens } from './module'

function Page() {
  const [name, id, verb] = path.value.split('/').slice(1)
  if (!name) return <Home />
  if (name === 'login') return <Login />
  if (name === 'nodes') return <Nodes />
  if (name === 'search') return <Find />
  if (name === 'stats' && session.value) return <Stats />
  if (name === 'password' && session.value && session.value.account) return <Password />
  const Screen = screens[name]
  if (Screen) return session.value ? <Screen key={path.value} args={path.value.split('/').slice(2)} /> : <p role="status">{t(reachable.value ? 'loading' : 'unreachable')}</p>
  const found = collection(name)
  if (!found) return session.value ? <h1>{t('not_found')}</h1> : <p role="status">{t(reachable.value ? 'loading' : 'unreachable')}</p>
  if (id === 'import') return <Import key={name} def={found.def} />
  if (id === 'new') return <Form key={name} {...found} />
  return id ? <Record key={path.value} {...found} id={id} edit={verb === 'edit'} /> : <List key={name} {...found} />
}

function App() {
  return <Shell><Page /></Shell>
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
window.addEventListener('popstate', () => { path.value = location.pathname })

try {
  setElder(localStorage.getItem('elder') === '1')
} catch (e) { /* no storage: standard mode */ }
const root = document.getElementById('app')
if (root) render(<App />, root)
async function start(): Promise<void> {
  try {
    await enter()
  } catch (e) {
    setTimeout(start, 3000)
  }
}
start()
poll()
