// 一周公告栏: what the community puts on its board each week, on one sheet: notices, news, telephones.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { session } from '../app/state'
import type { Rec } from '../app/types'
import { t } from '../i18n'
import { Icon } from '../kit/icon'
import { PrintFoot } from '../kit/printfoot'
import { Waiting } from '../kit/state'
import { today } from '../kit/when'
import { money, stamp } from '../kit/value'

const WEEK_MS = 7 * 86400e3
interface Found { notices: Rec[]; news: Rec[]; homes: Rec[]; shifts: Rec[]; funds: Rec[] }

const named = (r: Rec, field: string) => (r.refs && r.refs[field] && r.refs[field][String(r.f[field])]) || ''

export function Board() {
  const [got, setGot] = useState<Found | null>(null)
  useEffect(() => {
    let on = true
    const since = Date.now() - WEEK_MS
    const get = (p: string) => call<{ items: Rec[] }>('GET', p).then(x => x.items, () => [] as Rec[])
    Promise.all([get(`/notice?state=published&created.gte=${since}&limit=12`), get(`/news?state=published&created.gte=${since}&limit=8`), get('/home?kind=committee,centre,worker,property,party&limit=8'),
      get(`/duty_shift?date.gte=${today()}&sort=starts&limit=14`), get('/fund?state=open&limit=4')])
      .then(([notices, news, homes, shifts, funds]) => on && setGot({ notices, news, shifts, funds, homes: homes.filter(h => h.f.phone) }))
    return () => { on = false }
  }, [])
  if (!got) return <Waiting lines={8} />
  const part = (title: string, list: Rec[]) => <section><h2>{title}</h2>{list.length === 0 ? <p>{t('nothing_new')}</p>
    : list.map(r => <article key={r.id}><h3>{r.title}</h3><p class="plain-text">{String(r.f.body || '').slice(0, 400)}</p><p class="quiet">{stamp(r.created_at).slice(0, 10)}</p></article>)}</section>
  return <>
    <div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div>
    <section class="card paper board"><div class="spread"><div><h1>{session.value ? session.value.node.name : ''} · {t('board')}</h1><p>{t('last_week', { from: today(Date.now() - WEEK_MS), to: today() })}</p></div></div>
      {part(t('notices'), got.notices)}{part(t('news'), got.news)}
      {got.shifts.length > 0 && <section><h2>{t('duty_roster')}</h2><ul class="plain">{got.shifts.map(s => <li key={s.id}>{stamp(Number(s.f.starts))}–{stamp(Number(s.f.ends)).slice(11)}　{named(s, 'desk')} {named(s, 'who')}</li>)}</ul></section>}
      {got.funds.length > 0 && <section><h2>{t('fund')}</h2><ul class="plain">{got.funds.map(f => <li key={f.id}>{String(f.f.name)}：{t('balance')} {money(Number(f.f.balance || 0))}</li>)}</ul></section>}
      <section><h2>{t('phones')}</h2><ul class="plain">{got.homes.map(h => <li key={h.id}>{h.title}：{String(h.f.phone)}</li>)}</ul></section><PrintFoot /></section></>
}
