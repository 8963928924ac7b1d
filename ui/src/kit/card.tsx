// The login card of a verified account: asked for, confirmed, shown once, printed.
import { useState } from 'preact/hooks'
import { call } from '../app/api'
import { t, word } from '../i18n'
import { PrintFoot } from './printfoot'

interface Made { login: string; password: string; shown_name: string; node: string }

export function Card({ id }: { id: string }) {
  const [sure, setSure] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const [wrong, setWrong] = useState('')
  const make = () => call<Made>('POST', `/account/${id}/card`).then(setMade, e => setWrong(word(e)))
  if (made) return <section class="card login-card" aria-label={t('card')}>
    <h2>{made.node} · {t('card')}</h2>
    <dl><div><dt>{t('card_name')}</dt><dd>{made.shown_name}</dd></div><div><dt>{t('name')}</dt><dd class="code">{made.login}</dd></div>
      <div><dt>{t('password')}</dt><dd class="code">{made.password}</dd></div><div><dt>{t('address')}</dt><dd class="code">{location.host}</dd></div></dl>
    <p>{t('card_keep')}</p><PrintFoot />
    <div class="row"><button type="button" class="primary" onClick={() => window.print()}>{t('print')}</button></div>
  </section>
  return <section class="card"><h2>{t('card')}</h2>
    <p class="quiet">{t('card_what')}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {sure ? <div class="row"><button type="button" class="primary" onClick={() => void make()}>{t('card_sure')}</button>
      <button type="button" onClick={() => setSure(false)}>{t('cancel')}</button></div>
      : <button type="button" onClick={() => setSure(true)}>{t('card_make')}</button>}
  </section>
}
