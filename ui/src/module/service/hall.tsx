// 办事: what is offered, by group; one service with its guide, times to book, and its form. 办事 › item › book is three taps.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection, go, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/service'
import { Pick } from '../../kit/pick'
import { Empty, Waiting } from '../../kit/state'
import { money, stamp } from '../../kit/value'
import type { ScreenProps } from '..'
import { Apply } from './apply'
import { Icon } from '../../kit/icon'

interface Paper { name: string; kind?: string; required?: boolean; reusable?: boolean; sample?: string }
const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])

function group(code: string): string {
  const found = collection('service_item')
  return word(((found && found.module.codes.service_grouping) || []).find(c => c.code === code), code)
}

function Offers() {
  const [items, setItems] = useState<Rec[] | null>(null)
  const [wrong, setWrong] = useState('')
  const [q, setQ] = useState('')
  useEffect(() => {
    let on = true
    call<{ items: Rec[] }>('GET', '/service_item?state=published&limit=200').then(p => on && setItems(p.items), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [])
  const fits = (items || []).filter(r => q === '' || (text(r, 'name') + text(r, 'for_whom')).indexOf(q.trim()) >= 0)
  const groups = fits.map(r => text(r, 'grouping')).filter((g, i, all) => all.indexOf(g) === i)
  return <>
    <h1>{w('hall')}</h1>
    <form class="searchbar" role="search" onSubmit={e => e.preventDefault()}><Icon name="search" /><input type="search" aria-label={w('search')} placeholder={w('search')} value={q} onInput={e => setQ(e.currentTarget.value)} /></form>
    <div class="row"><a class="button" href="/progress">{w('progress')}</a><a class="button" href="/verify">{w('check')}</a></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!items && !wrong && <Waiting />}
    {items && fits.length === 0 && <Empty text={w('none')} />}
    <div class="masonry">{groups.map(g => <section class="card" key={g}><h2>{group(g)}</h2><ul class="plain">{fits.filter(r => text(r, 'grouping') === g).map(r =>
      <li key={r.id}><a href={'/services/' + r.id + (counter(r) ? '/apply' : '')}><span class="grow">{text(r, 'name')}</span>
        {r.f.not_ours === true ? <span class="quiet">{w('office')}</span> : <span class="quiet">{w('days', { n: text(r, 'promise_days') })}</span>}</a></li>)}</ul></section>)}</div>
  </>
}

function Papers({ list }: { list: Paper[] }) {
  const found = collection('service_item')
  const kind = (code?: string) => word(((found && found.module.codes.material_kind) || []).find(c => c.code === code), '')
  return <><h2>{w('papers')}</h2><ul>{list.map(p => <li key={p.name}>{p.name} <span class="quiet">
    {[kind(p.kind), p.required ? w('needed') : '', p.reusable ? w('reusable') : '', p.sample || ''].filter(x => x).join(' · ')}</span></li>)}</ul></>
}

/** Whose appointment: one's own, or for staff whoever stands at the counter. */
function Slots({ item }: { item: Rec }) {
  const s = session.value
  const [slots, setSlots] = useState<Rec[] | null>(null)
  const [person, setPerson] = useState('')
  const [wrong, setWrong] = useState('')
  const [busy, setBusy] = useState('')
  useEffect(() => {
    let on = true
    call<{ items: Rec[] }>('GET', `/slot?item=${item.id}&ends.gte=${Date.now()}&sort=starts&limit=12`).then(p => on && setSlots(p.items), () => on && setSlots([]))
    return () => { on = false }
  }, [item.id])
  async function book(slot: Rec) {
    const who = person || (s && s.account && s.account.person) || ''
    setWrong('')
    if (!who) return setWrong(w('choose_person'))
    setBusy(slot.id)
    try {
      const made = await call<Rec>('POST', '/appointment', { slot: slot.id, person: who }, { 'Idempotency-Key': newKey() })
      go('/appointment/' + made.id)
    } catch (e) {
      setBusy('')
      if (!(e instanceof ApiError)) throw e
      setWrong(word(e.fields[0] || e))
    }
  }
  if (!slots) return <Waiting lines={2} />
  return <section class="card"><h2>{w('slots')}</h2>
    {s && s.staff && <div class="field"><label for="slot-person">{w('for_me')}</label><Pick id="slot-person" to="person" value={person} onInput={setPerson} /></div>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {slots.length === 0 ? <p class="quiet">{w('no_slots')}</p> : <ul class="plain">{slots.map(r => {
      const left = Number(r.f.places) - Number(r.f.taken || 0)
      return <li key={r.id} class="row"><span class="grow">{stamp(Number(r.f.starts))} {text(r, 'counter')} <span class="quiet">{left > 0 ? w('left', { n: left }) : w('full')}</span></span>
        {s && s.account && <button type="button" class="primary" disabled={busy !== ''} onClick={() => void book(r)}>{w('book')}</button>}</li>
    })}</ul>}
  </section>
}

function Guide({ id, applying }: { id: string; applying: boolean }) {
  const [item, setItem] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Rec>('GET', '/service_item/' + id).then(r => on && setItem(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [id])
  if (!item) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  if (applying) return <Apply item={item} />
  const line = (label: string, value: string) => value !== '' && <div><dt>{label}</dt><dd>{value}</dd></div>
  const ours = item.f.not_ours !== true
  const online = text(item, 'online')
  const known = session.value !== null && session.value.account !== null
  return <article>
    <p class="crumb"><a href="/services"><Icon name="back" />{w('hall')}</a></p>
    <h1>{text(item, 'name')}</h1>
    {!ours && <section class="card warn"><h2>{w('not_ours')}</h2><p>{w('office')}：{text(item, 'office')}</p></section>}
    <div class="row">{ours && known && (online === 'apply' || online === 'full') && <a class="button primary" href={`/services/${id}/apply`}>{w('apply')}</a>}
      {ours && session.value && session.value.staff && online !== 'apply' && online !== 'full' && <a class="button primary" href={`/services/${id}/apply`}>{w('counter')}</a>}
      {text(item, 'link') && <a class="button" href={text(item, 'link')} rel="noreferrer">{w('elsewhere')}</a>}
      {known && <a class="button" href={`/ticket/new?kind=inquiry&item=${id}`}>{w('ask')}</a>}</div>
    {ours && online !== 'info' && <Slots item={item} />}
    <section class="card"><dl>{line(w('for_whom'), text(item, 'for_whom'))}
      {ours && line(w('promise'), w('days', { n: text(item, 'promise_days') }))}
      {ours && line(w('fee'), Number(item.f.fee || 0) > 0 ? money(Number(item.f.fee)) : w('free'))}
      {line(w('place'), text(item, 'place'))}{line(w('hours'), text(item, 'hours'))}{line(w('basis'), text(item, 'basis'))}</dl>
      {Array.isArray(item.f.materials) && item.f.materials.length > 0 && <Papers list={item.f.materials as Paper[]} />}</section>
  </article>
}

/** At the counter one goes straight to the form. */
const counter = (r: Rec) => session.value !== null && session.value.staff === true && r.f.not_ours !== true && /^(apply|full)$/.test(text(r, 'online'))

export function Hall({ args }: ScreenProps) {
  return args[0] ? <Guide key={args[0]} id={args[0]} applying={args[1] === 'apply'} /> : <Offers />
}
