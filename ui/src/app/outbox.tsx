// What waits on this device to be sent.
import { outbox, collection } from './state'
import { t, word } from '../i18n'
import { Empty } from '../kit/state'
import { flush, unqueue } from '../kit/outbox'
import { ago } from '../kit/when'

export function Outbox() {
  return <><h1>{t('outbox')}</h1><p class="quiet">{t('outbox_what')}</p>
    {outbox.value.length === 0 ? <div class="card"><Empty text={t('outbox_empty')} /></div> : <>
      <ul class="stack">{outbox.value.map(w => { const c = collection(w.collection); return <li key={w.key}>
        <b>{w.title || w.collection}</b> <span class="chip">{c ? word(c.def.label) : w.collection}</span> <span class="quiet">{ago(w.at)}</span>
        {w.wrong && <p class="error">{word(w.wrong)}</p>}
        <div class="row"><button type="button" onClick={() => unqueue(w.key)}>{t('remove')}</button></div></li> })}</ul>
      <button type="button" class="primary" onClick={() => void flush()}>{t('send_now')}</button></>}
  </>
}
