// 找人帮我: the telephone numbers of the desk and of those who help, large enough to read out.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { collection, session } from './state'
import type { Rec } from './types'
import { lang, t, word } from '../i18n'
import { Empty, Waiting } from '../kit/state'
import { Icon } from '../kit/icon'

const EMERGENCY = [['110', 'e_police'], ['119', 'e_fire'], ['120', 'e_ambulance'], ['12345', 'e_hotline']] as const

export function Help() {
  const [homes, setHomes] = useState<Rec[] | null>(null)
  useEffect(() => {
    let on = true
    call<{ items: Rec[] }>('GET', '/home?kind=committee,centre,worker,property&limit=20').then(p => on && setHomes(p.items.filter(h => h.f.phone)), () => on && setHomes([]))
    return () => { on = false }
  }, [])
  const found = collection('home')
  const kind = (h: Rec) => word(found ? (found.module.codes.home_kind || []).find(c => c.code === h.f.kind) : undefined)
  const ticket = collection('ticket')
  return <><h1>{t('help_me')}</h1>
    <section class="card block"><h2>{t('desk')}</h2>{!homes ? <Waiting lines={2} /> : homes.length === 0 ? <Empty text={t('no_phone')} icon="help" />
      : <ul class="plain">{homes.map(h => <li key={h.id}><a class="item" href={'tel:' + String(h.f.phone)}><span class="item-main"><span class="item-title">{String(h.f.name)}</span>
        <span class="item-sub">{kind(h)}{h.f.address ? ' · ' + String(h.f.address) : ''}</span></span><span class="item-side"><b>{String(h.f.phone)}</b></span></a></li>)}</ul>}</section>
    <section class="card block"><h2>{t('emergency')}</h2><ul class="plain">{EMERGENCY.map(([no, what]) => <li key={no}><a class="item" href={'tel:' + no}>
      <span class="item-main item-title">{t(what)}</span><span class="item-side"><b>{no}</b></span></a></li>)}</ul></section>
    {ticket && ticket.def.can.create && session.value && session.value.account && <p><a class="button primary" href="/ticket/new?kind=inquiry"><Icon name="chat" />{t('ask_desk')}</a></p>}
    <p class="quiet" lang={lang.value}>{t('counter_too')}</p>
  </>
}
