// What residents see of their own record and may ask to be corrected: the fields, filled in; what differs goes to the community to be checked.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import type { FieldError } from '../../app/api'
import { collection, go, session } from '../../app/state'
import { toast } from '../../app/toast'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { dropDraft, readDraft, writeDraft } from '../../kit/draft'
import { begin, Fields, values, type Draft } from '../../kit/fields'
import { Icon } from '../../kit/icon'
import { queue } from '../../kit/outbox'
import { Waiting } from '../../kit/state'
import type { ScreenProps } from '..'

function Ask({ rec }: { rec: Rec }) {
  const found = collection(rec.collection)
  const fields = (found ? found.def.fields : []).filter(f => f.correct && !(rec.masked && rec.masked.indexOf(f.name) >= 0)).map(f => ({ ...f, required: false }))
  const place = `${session.value && session.value.account ? session.value.account.id : ''}/correct/${rec.id}`
  const [draft, setDraft] = useState<Draft>(() => readDraft(place, begin(fields, rec)) || begin(fields, rec))
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)
  if (!found) return null
  async function send(e: Event) {
    e.preventDefault()
    const patch = values(fields, draft, rec)
    setBad([])
    if (Object.keys(patch).length === 0) return setWrong(t('nothing_changed'))
    const body = { target: rec.id, patch }
    try {
      await call('POST', '/change_request', body, { 'Idempotency-Key': key })
      toast(t('correct_sent'))
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      if (err.status !== 0) {
        setBad(err.fields)
        return setWrong(word(err.fields[0] || err))
      }
      queue({ key, collection: 'change_request', body, title: t('my_correct'), at: Date.now() })
      toast(t('in_outbox'))
    }
    dropDraft(place)
    go('/me')
  }
  return <form class="card form" onSubmit={send} noValidate>
    <p class="quiet">{t('correct_hint')}</p>
    <div class="pairs"><Fields fields={fields} module={found.module} draft={draft} refs={rec.refs} bad={bad} onChange={d => { setDraft(d); writeDraft(place, d) }} /></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <div class="row"><button class="primary">{t('submit')}</button><a class="button" href="/me">{t('cancel')}</a><a class="button" href={`/${rec.collection}/${rec.id}`}>{t('see_all')}</a></div>
  </form>
}

export function Correct({ args }: ScreenProps) {
  const [rec, setRec] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Rec>('GET', `/${args[0]}/${args[1]}`).then(r => on && setRec(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [args[0], args[1]])
  return <><p class="crumb"><a href="/me"><Icon name="back" />{t('me')}</a></p><h1>{t('my_correct')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!rec && !wrong && <Waiting lines={6} />}
    {rec && <Ask key={rec.id} rec={rec} />}</>
}
