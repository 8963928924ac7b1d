import { useState } from 'preact/hooks'
import { t, word } from '../i18n'
import { ApiError, call } from './api'
import { enter, go, path } from './state'

export function Login() {
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState(false)
  async function submit(e: Event) {
    e.preventDefault()
    const data = new FormData(e.target as HTMLFormElement)
    setBusy(true)
    try {
      await call('POST', '/session', { login: data.get('login'), password: data.get('password') })
      await enter()
      if (path.value === '/login') go('/') // else what was opened before: a QR label leads to its page
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="card form narrow" onSubmit={submit}>
      <h1>{t('login')}</h1>
      <label>{t('name')}<input name="login" required autocomplete="username" autocapitalize="none" /></label>
      <label>{t('password')}<input name="password" type="password" required autocomplete="current-password" /></label>
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary" disabled={busy}>{t('login')}</button>
      <p class="quiet">{t('no_account')}</p>
    </form>
  )
}
