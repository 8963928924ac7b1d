// Changing one's own password, as after the first login with a card.
import { useState } from 'preact/hooks'
import { t, word } from '../i18n'
import { ApiError, call } from './api'

export function Password() {
  const [wrong, setWrong] = useState('')
  const [done, setDone] = useState(false)
  async function submit(e: Event) {
    e.preventDefault()
    const form = e.target as HTMLFormElement
    const data = new FormData(form)
    setWrong('')
    setDone(false)
    if (data.get('new') !== data.get('again')) return setWrong(t('not_same'))
    try {
      await call('POST', '/session/password', { old: data.get('old'), new: data.get('new') })
      form.reset()
      setDone(true)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err))
    }
  }
  return <form class="card form narrow" onSubmit={submit}>
    <h1>{t('new_password')}</h1>
    <label>{t('old_password')}<input name="old" type="password" required autocomplete="current-password" /></label>
    <label>{t('new_password')}<input name="new" type="password" required minLength={8} autocomplete="new-password" /></label>
    <label>{t('again')}<input name="again" type="password" required minLength={8} autocomplete="new-password" /></label>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {done && <p role="status">{t('password_done')}</p>}
    <button class="primary">{t('save')}</button>
  </form>
}
