// A program's token: asked for, confirmed, shown once.
import { useState } from 'preact/hooks'
import type { PanelProps } from '..'
import { call } from '../../app/api'
import { word } from '../../i18n'
import { w } from '../../i18n/publish'

export function Token({ rec, onDone }: PanelProps) {
  const [sure, setSure] = useState(false)
  const [token, setToken] = useState('')
  const [wrong, setWrong] = useState('')
  const issue = () => call<{ token: string }>('POST', `/program/${rec.id}/token`).then(r => { setToken(r.token); onDone() }, e => setWrong(word(e)))
  if (rec.state !== 'active') return null
  return <section class="card"><h2>{w('key')}</h2><p class="quiet">{w('key_what')}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {token ? <><p><code class="code break">{token}</code></p><p class="quiet">{w('use')}</p></>
      : sure ? <div class="row"><button type="button" class="primary" onClick={() => void issue()}>{w('sure')}</button><button type="button" onClick={() => setSure(false)}>{w('cancel')}</button></div>
        : <button type="button" onClick={() => setSure(true)}>{w('issue')}</button>}
  </section>
}
