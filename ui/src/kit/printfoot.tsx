// What every printed sheet says at its end: where it comes from, and when.
import { session } from '../app/state'
import { t } from '../i18n'
import { stamp } from './value'

export function PrintFoot() {
  const s = session.value
  return <p class="print-foot">{s ? s.node.name : ''} · {t('printed_at', { when: stamp(Date.now()) })} · {location.host}{location.pathname}{s && s.account ? ' · ' + s.account.shown_name : ''}</p>
}
