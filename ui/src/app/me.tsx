// 我: who is signed in, in which role, the switches of this device, one's own data, the way out.
import { t, word } from '../i18n'
import { call } from './api'
import { leave } from './leave'
import { collection, elder, enter, go, outbox, session, setElder, switchLang } from './state'
import { Icon } from '../kit/icon'

export function Me() {
  const s = session.value
  if (!s || !s.account) return null
  const roles = s.roles.filter(r => r !== 'guest')
  const home = collection('membership')
  const name = (role: string) => word(home ? (home.module.codes.role || []).find(c => c.code === role) : undefined, role)
  const person = s.account.person
  return <div class="me"><h1>{s.account.shown_name}</h1>
    <section class="card"><dl><dt>{t('name')}</dt><dd>{s.account.login}</dd><dt>{t('role')}</dt><dd>{name(s.role)}</dd><dt>{t('this_node')}</dt><dd>{s.node.name}</dd></dl>
      {roles.length > 1 && <div class="field"><label for="role">{t('act_as')}</label><select id="role" value={s.role}
        onChange={e => void call('PATCH', '/session', { role: e.currentTarget.value }).then(enter).then(() => go('/'))}>
        {roles.map(r => <option key={r} value={r}>{name(r)}</option>)}</select></div>}</section>
    <section class="card"><ul class="plain">
      {person && <li><a class="item" href={(s.staff ? '/person/' : '/correct/person/') + person}><span class="item-main item-title">{t('my_data')}</span><Icon name="next" /></a></li>}
      {collection('ticket') && <li><a class="item" href="/ticket?mine=1"><span class="item-main item-title">{t('my_letters')}</span><Icon name="next" /></a></li>}
      <li><a class="item" href="/password"><span class="item-main item-title">{t('new_password')}</span><Icon name="next" /></a></li>
      <li><a class="item" href="/outbox"><span class="item-main item-title">{t('outbox')}</span>{outbox.value.length > 0 && <span class="count">{outbox.value.length}</span>}<Icon name="next" /></a></li>
    </ul></section>
    <div class="row"><button type="button" onClick={() => setElder(!elder.value)}>{t(elder.value ? 'elder_off' : 'elder')}</button>
      <button type="button" onClick={switchLang}><Icon name="globe" />{t('language')}</button>
      <button type="button" class="danger" onClick={() => void leave()}><Icon name="logout" />{t('logout')}</button></div>
  </div>
}
