// Printed on A4: the filled form, the receipt slip, the appointment slip, the issued paper with its QR code.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { collection, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/service'
import { usePaper } from '../../kit/slip'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { entries } from './apply'
import type { ScreenProps } from '..'

const COLLECTIONS: Record<string, string> = { form: 'application', slip: 'application', appointment: 'appointment', paper: 'issued_paper' }
const title = (r: Rec, field: string) => (r.refs && r.refs[field] && r.refs[field][String(r.f[field])]) || ''
const text = (r: Rec, name: string) => String(r.f[name] === undefined ? '' : r.f[name])
const url = (path: string) => location.origin + path

const Qr = ({ to, words }: { to: string; words: string }) => <figure class="qr"><img src={'/api/v1/qr?text=' + encodeURIComponent(to)} alt="" width="110" height="110" /><figcaption>{words}</figcaption></figure>
const Foot = () => <p class="quiet foot">{session.value ? session.value.node.name : ''} · {w('printed')} {stamp(Date.now())} · {location.host}</p>

function FormSheet({ rec, item }: { rec: Rec; item: Rec }) {
  const form = (rec.f.form || {}) as Record<string, string>
  return <><h1>{text(item, 'name')} · {w('form')}</h1><p>{w('number')} {text(rec, 'no')}　{w('applicant')} {title(rec, 'person')}</p>
    <table class="grid"><tbody>{entries(item).map(e => <tr key={e.key}><th scope="row">{e.label}</th><td>{form[e.key] || ''}</td></tr>)}</tbody></table>
    <p class="signature">{w('signed')}：________________　{w('date')}：________________</p></>
}

function Slip({ rec, what }: { rec: Rec; what: string }) {
  const found = collection(rec.collection)
  const state = found && found.def.workflow ? word(found.def.workflow.states[rec.state || ''], rec.state) : ''
  const { paper, choice } = usePaper()
  return <>{choice}<section class={paper}><h1>{w('slip')}</h1><table class="grid"><tbody>
    <tr><th scope="row">{w('number')}</th><td class="code">{text(rec, 'no')}</td></tr><tr><th scope="row">{w('what')}</th><td>{what}</td></tr>
    <tr><th scope="row">{w('applicant')}</th><td>{title(rec, 'person')}</td></tr><tr><th scope="row">{w('state')}</th><td>{state}</td></tr>
    {rec.f.starts !== undefined && <tr><th scope="row">{w('when')}</th><td>{stamp(Number(rec.f.starts))}</td></tr>}
    {rec.f.due !== undefined && <tr><th scope="row">{w('due')}</th><td>{text(rec, 'due')}</td></tr>}</tbody></table>
    <Qr to={url('/progress?no=' + encodeURIComponent(text(rec, 'no')))} words={w('follow_at')} /><Foot /></section></>
}

function PaperSheet({ rec }: { rec: Rec }) {
  const found = collection('issued_paper')
  const kind = word(((found && found.module.codes.paper_template) || []).find(c => c.code === rec.f.template), '')
  return <><h1 class="center">{kind}</h1><p class="right code">{text(rec, 'serial')}</p>
    <p>{w('holder')}：{title(rec, 'person')}</p><p class="plain-text paper-body">{text(rec, 'body')}</p>
    <p class="quiet">{w('basis')}：{text(rec, 'basis')}</p>
    <p class="right">{session.value ? session.value.node.name : ''} {w('seal')}<br />{text(rec, 'date')}</p>
    <p>{w('code')} <b class="code">{text(rec, 'check_code')}</b></p>
    <Qr to={url(`/verify?serial=${encodeURIComponent(text(rec, 'serial'))}&code=${text(rec, 'check_code')}`)} words={w('verify_at')} /></>
}

export function Sheet({ args }: ScreenProps) {
  const [kind, id] = args
  const [rec, setRec] = useState<Rec | null>(null)
  const [item, setItem] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    async function load() {
      const r = await call<Rec>('GET', `/${COLLECTIONS[kind]}/${id}`)
      const i = typeof r.f.item === 'string' ? await call<Rec>('GET', '/service_item/' + r.f.item).catch(() => null) : null
      if (on) { setItem(i); setRec(r) }
    }
    if (COLLECTIONS[kind] && id) load().catch(e => on && setWrong(word(e)))
    else setWrong(t('not_found'))
    return () => { on = false }
  }, [kind, id])
  if (!rec) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  return <div class="sheet card">
    <div class="row"><button type="button" class="primary" onClick={() => window.print()}>{t('print')}</button></div>
    {kind === 'form' && item && <FormSheet rec={rec} item={item} />}
    {(kind === 'slip' || kind === 'appointment') && <Slip rec={rec} what={item ? text(item, 'name') : ''} />}
    {kind === 'paper' && <PaperSheet rec={rec} />}
    {kind !== 'slip' && kind !== 'appointment' && <Foot />}
  </div>
}
