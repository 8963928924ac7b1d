// A whole import taken back, after it was said what happens.
import { useState } from 'preact/hooks'
import { ApiError, call } from '../../app/api'
import { t, word } from '../../i18n'
import { w } from '../../i18n/import'
import { Dialog } from '../../kit/dialog'
import { Progress, useProgress } from '../../kit/progress'
import type { PanelProps } from '..'

export function ImportPanel({ rec, onDone }: PanelProps) {
  const [asked, setAsked] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const progress = useProgress()
  const f = rec.f as Record<string, number>
  const n = (name: string) => f[name] || 0

  async function undo() {
    setBusy(true)
    setAsked(false)
    setWrong('')
    try {
      await call('POST', `/import/${rec.id}/undo?key=${progress.begin()}`, {})
      onDone()
    } catch (e) { setWrong(e instanceof ApiError ? word(e) : String(e)) }
    progress.end()
    setBusy(false)
  }
  if (rec.state === 'undone') return <p class="card">{w('undone', { removed: n('removed'), restored: n('restored'), kept: n('kept') })}</p>
  return <section class="no-print">
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {progress.far && <Progress far={progress.far} />}
    <button type="button" class="danger" disabled={busy} onClick={() => setAsked(true)}>{w('take_back')}</button>
    {asked && <Dialog label={w('take_back')} onClose={() => setAsked(false)}>
      <h2>{w('sure', { file: rec.title || '' })}</h2><p>{w('what_happens', { added: n('added'), changed: n('changed') })}</p>
      <div class="row"><button type="button" class="danger" onClick={undo}>{w('take_back')}</button><button type="button" onClick={() => setAsked(false)}>{t('cancel')}</button></div></Dialog>}
  </section>
}
