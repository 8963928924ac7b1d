// What waits on this device to be sent.
import { collection, go, outbox } from './state'
import type { Waiting } from './types'
import { writeDraft } from '../kit/draft'
import { t, word } from '../i18n'
import { Empty } from '../kit/state'
import { flush, unqueue } from '../kit/outbox'
import { ago } from '../kit/when'

/** Back into its form, to be looked at and sent once more. */
function again(w: Waiting) {
  if (w.draft) writeDraft(w.draft.place, w.draft.value)
  unqueue(w.key)
  go(`/${w.collection}/` + (w.record ? w.record + (w.act === 'set' ? '/edit' : '') : 'new'))
}

export function Outbox() {
  return <><h1>{t('outbox')}</h1><p class="quiet">{t('outbox_what')}</p>
    {outbox.value.length === 0 ? <div class="card"><Empty text={t('outbox_empty')} /></div> : <>
      <ul class="stack">{outbox.value.map(w => { const c = collection(w.collection); return <li key={w.key}>
        <b>{w.title || w.collection}</b> <span class="chip">{c ? word(c.def.label) : w.collection}{w.act && ' · ' + (w.act === 'set' ? t('edit') : word(w.what))}</span> <span class="quiet">{ago(w.at)}</span>
        {w.wrong && <p class="error">{word(w.wrong)}</p>}
        {w.act === 'step' && !!w.body.note && <p class="quiet">{String(w.body.note)}</p>}
        <div class="row">{w.wrong && w.draft && <button type="button" class="primary" onClick={() => again(w)}>{t('fill_again')}</button>}
          {w.record && <a class="button" href={`/${w.collection}/${w.record}`}>{t('open_it')}</a>}
          <button type="button" onClick={() => unqueue(w.key)}>{t('remove')}</button></div></li> })}</ul>
      <button type="button" class="primary" onClick={() => void flush()}>{t('send_now')}</button></>}
  </>
}
