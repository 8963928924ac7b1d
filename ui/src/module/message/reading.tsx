// Who has read a message: by building, who is left, ticking off at the door, and the list to print.
import { useEffect, useState } from 'preact/hooks'
import { call, newKey } from '../../app/api'
import { session } from '../../app/state'
import { word } from '../../i18n'
import { w as t } from '../../i18n/message'
import { Empty, Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'

interface Sum { id: string; name: string; asked: number; delivered: number; read: number; confirmed: number }
interface Left { id: string; collection: string; name: string; phone?: string; building: string; building_name: string; unit: string; room: string; state: 'none' | 'delivered' | 'read' }
interface Sums extends Sum { title: string; buildings: Sum[]; left: Left[] }

function Row({ one, message, done, wrong }: { one: Left; message: string; done: () => void; wrong: (e: { zh: string; en: string }) => void }) {
  const tick = (how: string) => call('POST', '/confirmation', { message, who: one.id, how }, { 'Idempotency-Key': newKey() }).then(done, wrong)
  return <tr><td>{one.name}</td><td>{one.building_name}</td><td>{[one.unit, one.room].filter(Boolean).join('-')}</td>
    {one.phone !== undefined && <td>{one.phone}</td>}<td>{t(`s_${one.state}`)}</td>
    <td class="noprint"><button type="button" aria-label={`${t('told_door')} ${one.name}`} onClick={() => void tick('visit')}>{t('told_door')}</button>{' '}
      <button type="button" aria-label={`${t('told_phone')} ${one.name}`} onClick={() => void tick('phone')}>{t('told_phone')}</button></td>
    <td class="onlyprint">☐</td></tr>
}

export function Reading({ thread, message }: { thread: string; message: string }) {
  const [got, setGot] = useState<Sums | null>(null)
  const [doors, setDoors] = useState(false)
  const [purpose, setPurpose] = useState('emergency')
  const [wrong, setWrong] = useState('')
  const bad = (e: { zh: string; en: string }) => setWrong(word(e))
  const load = () => call<Sums>('GET', `/talk/${thread}/reading?message=${message}`).then(s => { setGot(s); setDoors(false) }, bad)
  useEffect(() => { void load() }, [thread, message])
  async function print() {
    try {
      setGot(await call<Sums>('POST', `/talk/${thread}/doors`, { message, purpose }))
      setDoors(true)
      setTimeout(() => window.print(), 100)
    } catch (e) {
      bad(e as { zh: string; en: string })
    }
  }
  if (!got) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  return <article class="reading">
    <p class="noprint"><a href={'/talk/' + thread}>{got.title}</a></p>
    <h1>{doors ? t('door_title') : t('reading')}：{got.title}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <dl class="figures">{(['asked', 'delivered', 'read'] as const).map(k => <div class="figure" key={k}><dt>{t(k)}</dt><dd>{got[k]}</dd></div>)}
      <div class="figure"><dt>{t('confirmed_n')}</dt><dd>{got.confirmed}</dd></div></dl>
    <div class="scroll" tabIndex={0} role="region" aria-label={t('by_building')}><table>
      <thead><tr><th scope="col">{t('building')}</th><th scope="col">{t('asked')}</th><th scope="col">{t('delivered')}</th><th scope="col">{t('read')}</th><th scope="col">{t('confirmed_n')}</th></tr></thead>
      <tbody>{got.buildings.map(b => <tr key={b.id}><td>{b.name || t('no_building')}</td><td>{b.asked}</td><td>{b.delivered}</td>
        <td><span class="bar" aria-hidden="true" style={{ width: Math.round(b.read / Math.max(1, b.asked) * 64) + 'px' }} />{b.read}</td><td>{b.confirmed}</td></tr>)}</tbody></table></div>
    <h2>{t('left')} <span class="count">{got.left.length}</span></h2>
    <div class="row noprint"><label>{t('door_purpose')}<select value={purpose} onChange={e => setPurpose(e.currentTarget.value)}>
      <option value="emergency">{t('p_emergency')}</option><option value="visit">{t('p_visit')}</option></select></label>
      <button type="button" class="primary" disabled={got.left.length === 0} onClick={() => void print()}>{t('door_list')}</button>
      <button type="button" onClick={() => void load()}>{t('refresh')}</button></div>
    <p class="quiet noprint">{t('door_why')}</p>
    {got.left.length === 0 ? <Empty text={t('nobody_left')} /> : <div class="scroll" tabIndex={0} role="region" aria-label={t('left')}><table>
      <thead><tr><th scope="col">{t('name')}</th><th scope="col">{t('building')}</th><th scope="col">{t('room')}</th>{doors && <th scope="col">{t('phone')}</th>}
        <th scope="col">{t('state')}</th><th scope="col" class="noprint">{t('tick')}</th><th scope="col" class="onlyprint">{t('tick')}</th></tr></thead>
      <tbody>{got.left.slice(0, 500).map(one => <Row key={one.id} one={one} message={message} done={() => void load()} wrong={bad} />)}</tbody></table></div>}
    <p class="quiet">{t('from_node')}：{session.value ? session.value.node.name : ''} · {t('printed_at')}：{stamp(Date.now())}</p>
  </article>
}
