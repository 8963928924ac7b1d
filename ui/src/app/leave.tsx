// Signing out; what was not sent yet is asked about first, for a device may be shared.
import { signal } from '@preact/signals'
import { t } from '../i18n'
import { call } from './api'
import { enter, go, outbox } from './state'
import { Dialog } from '../kit/dialog'
import { dropBlobs } from '../kit/blobs'
import { countDrafts, dropDrafts } from '../kit/draft'

const asking = signal(0)

async function out(drop: boolean) {
  asking.value = 0
  if (drop) {
    dropDrafts()
    void dropBlobs().then(() => undefined, () => undefined)
  }
  await call('DELETE', '/session')
  await enter()
  go('/')
}

export async function leave(): Promise<void> {
  const n = countDrafts() + outbox.value.length
  if (n > 0) asking.value = n
  else await out(false)
}

export function Leaving() {
  if (asking.value === 0) return null
  return <Dialog label={t('logout')} onClose={() => { asking.value = 0 }}>
    <h2>{t('unsent', { n: asking.value })}</h2><p>{t('unsent_what')}</p>
    <div class="row"><button type="button" class="primary" onClick={() => void out(false)}>{t('leave_keep')}</button>
      <button type="button" class="danger" onClick={() => void out(true)}>{t('leave_drop')}</button>
      <button type="button" onClick={() => { asking.value = 0 }}>{t('cancel')}</button></div></Dialog>
}
