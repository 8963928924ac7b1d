// On a review: the shop's one reply.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { session } from '../../app/state'
import { toast } from '../../app/toast'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import type { PanelProps } from '..'

export function ReplyPanel({ rec, onDone }: PanelProps) {
  const [text, setText] = useState('')
  const [wrong, setWrong] = useState('')
  const [open, setOpen] = useState(false)
  const [key] = useState(newKey)
  const homes = ((session.value && session.value.memberships) || []).map(m => m.home)
  const mine = rec.f.kind === 'review' && homes.indexOf(String(rec.f.shop_home || '')) >= 0
  useEffect(() => {
    let on = true
    if (mine) call<{ items: Rec[] }>('GET', `/shop_review?shop_order=${String(rec.f.shop_order)}&kind=reply&limit=1`).then(p => on && setOpen(p.items.length === 0), () => undefined)
    return () => { on = false }
  }, [rec.id, mine])
  if (!mine || !open) return null
  async function send(e: Event) {
    e.preventDefault()
    setWrong('')
    try {
      await call('POST', '/shop_review', { shop_order: rec.f.shop_order, kind: 'reply', text: text.trim() }, { 'Idempotency-Key': key })
      setOpen(false)
      toast(t('saved'))
      onDone()
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err.fields[0] || err))
    }
  }
  return <form class="card form" onSubmit={send}><div class="field"><label for="reply">{t('reply')}</label><textarea id="reply" rows={3} value={text} onInput={e => setText(e.currentTarget.value)} /></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <button class="primary" disabled={text.trim() === ''}>{t('reply_send')}</button></form>
}
