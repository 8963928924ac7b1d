// 代办: for whom a form is filled in, and how it came to us. Staff may choose anybody; an agent those whose delegation is confirmed.
import { session } from '../app/state'
import { t } from '../i18n'
import { Pick } from './pick'

export interface ForWhom { person: string; channel: string }
export const nobody: ForWhom = { person: '', channel: '' }
const CHANNELS = ['counter', 'phone', 'paper', 'visit', 'sms'] as const

export function Behalf({ module, value, onChange }: { module: string; value: ForWhom; onChange: (v: ForWhom) => void }) {
  const s = session.value
  const staff = s !== null && s.staff === true
  const mine = ((s && s.principals) || []).filter(p => p.scope.indexOf('all') >= 0 || p.scope.indexOf(module) >= 0)
  if (!staff && mine.length === 0) return null
  return <details class="behalf" open={value.person !== ''}>
    <summary>{t('behalf')}</summary>
    <div class="field"><label for="b-person">{t('behalf_who')}</label>
      {staff ? <Pick id="b-person" to="person" value={value.person} onInput={person => onChange({ ...value, person })} />
        : <select id="b-person" value={value.person} onChange={e => onChange({ ...value, person: e.currentTarget.value })}>
          <option value="">{t('myself')}</option>{mine.map(p => <option key={p.person} value={p.person}>{p.name || p.person}</option>)}</select>}</div>
    {staff && <div class="field"><label for="b-channel">{t('channel')}</label>
      <select id="b-channel" value={value.channel} onChange={e => onChange({ ...value, channel: e.currentTarget.value })}>
        <option value="">{t('c_web')}</option>{CHANNELS.map(c => <option key={c} value={c}>{t(`c_${c}`)}</option>)}</select></div>}
  </details>
}
