// 签到表: who is expected at an activity or a meeting, with room to sign and for those who come unannounced.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import type { Rec } from '../app/types'
import { t, word } from '../i18n'
import { Icon } from '../kit/icon'
import { PrintFoot } from '../kit/printfoot'
import { Waiting } from '../kit/state'
import { stamp } from '../kit/value'
import type { ScreenProps } from '../module'

const BLANK = 12
interface Found { rec: Rec; people: string[] }
const named = (r: Rec, field: string, id: string) => (r.refs && r.refs[field] && r.refs[field][id]) || ''

async function read(coll: string, id: string): Promise<Found> {
  const rec = await call<Rec>('GET', `/${coll}/${id}`)
  if (coll !== 'activity') return { rec, people: ((rec.f.people || []) as string[]).map(p => named(rec, 'people', p)) }
  const list = await call<{ items: Rec[] }>('GET', `/signup?activity=${id}&state=confirmed,present,left&limit=200`)
  return { rec, people: list.items.map(s => named(s, 'person', String(s.f.person))) }
}

export function SignIn({ args }: ScreenProps) {
  const [got, setGot] = useState<Found | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    read(args[0], args[1]).then(g => on && setGot(g), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [args[0], args[1]])
  if (!got) return wrong ? <><h1>{t('signin')}</h1><p class="error" role="alert">{wrong}</p></> : <Waiting />
  const rows = got.people.filter(p => p !== '').concat(Array.from({ length: BLANK }, () => ''))
  return <>
    <p class="crumb"><a href={`/${args[0]}/${args[1]}`}><Icon name="back" />{got.rec.title}</a></p>
    <div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div>
    <section class="card paper sheet"><h1>{got.rec.title} · {t('signin')}</h1>{typeof got.rec.f.starts === 'number' && <p>{stamp(got.rec.f.starts)}</p>}
      <table class="grid signatures"><thead><tr><th scope="col" class="num">{t('nth')}</th><th scope="col">{t('card_name')}</th><th scope="col">{t('signed_here')}</th><th scope="col">{t('note')}</th></tr></thead>
        <tbody>{rows.map((p, i) => <tr key={i}><td class="num">{i + 1}</td><td>{p}</td><td /><td /></tr>)}</tbody></table><PrintFoot /></section></>
}
