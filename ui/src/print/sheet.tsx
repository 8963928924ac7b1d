// A record on paper: the sheet with its facts and history, the receipt slip, the poster; black on white, A4, with number, QR, source and time.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { session } from '../app/state'
import type { Collection, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { Icon } from '../kit/icon'
import { PrintFoot } from '../kit/printfoot'
import { usePaper } from '../kit/slip'
import { Waiting } from '../kit/state'
import { numbered, postered, show, stamp } from '../kit/value'

interface SheetProps { module: Module; def: Collection; id: string; kind: string }

/** The address of the record as a picture that a phone reads; the node draws it. */
const Qr = ({ path }: { path: string }) => <figure class="qr"><img src={'/api/v1/qr?text=' + encodeURIComponent(location.origin + path)} alt={t('scan') + ' ' + location.host + path} width="132" height="132" /><figcaption>{t('scan')}</figcaption></figure>

function Slip({ def, module, rec, path }: { def: Collection; module: Module; rec: Rec; path: string }) {
  const node = session.value ? session.value.node : null
  const no = typeof rec.f.no === 'string' ? rec.f.no : ''
  const { paper, choice } = usePaper()
  const shown = def.fields.filter(f => ['no', 'body', 'files'].indexOf(f.name) < 0 && (def.list || []).indexOf(f.name) >= 0 && show(rec.f[f.name], f, module, rec) !== '')
  return <>{choice}<section class={'card paper ' + paper}><h1>{node ? node.name : ''} · {t('receipt')}</h1>
    {no && <p class="big">{no}</p>}
    <Qr path={path} />
    <dl class="facts"><div><dt>{t('what')}</dt><dd>{word(def.label)}</dd></div>{shown.map(f => <div key={f.name}><dt>{word(f.label)}</dt><dd>{show(rec.f[f.name], f, module, rec)}</dd></div>)}
      <div><dt>{t('added_on')}</dt><dd>{stamp(rec.created_at)}</dd></div></dl>
    <p>{t('slip_keep')}</p><p class="sign">{t('signature')}：</p><PrintFoot /></section></>
}

function Poster({ def, module, rec, path }: { def: Collection; module: Module; rec: Rec; path: string }) {
  const node = session.value ? session.value.node : null
  const field = (n: string) => show(rec.f[n], def.fields.find(f => f.name === n), module, rec)
  return <section class="card paper poster"><p>{node ? node.name : ''}</p><h1>{rec.title}</h1>
    {field('kind') && <p class="quiet">{field('kind')}</p>}
    <div class="poster-body plain-text">{field('body') || field('text')}</div>
    {field('contact') && <p><b>{t('contact_phone')}</b> {field('contact')}</p>}
    <div class="poster-end"><p>{node ? node.name : ''}<br />{stamp(rec.created_at).slice(0, 10)}</p><Qr path={path} /></div><PrintFoot /></section>
}

function Whole({ def, module, rec, path }: { def: Collection; module: Module; rec: Rec; path: string }) {
  const state = def.workflow && rec.state ? word(def.workflow.states[rec.state], rec.state) : ''
  return <section class="card paper"><div class="spread"><div><p>{word(def.label)}{state && ' · ' + state}</p><h1>{numbered(rec.title).rest || word(def.label)}</h1>{numbered(rec.title).full && <p class="number">{numbered(rec.title).full}</p>}</div><Qr path={path} /></div>
    <table><tbody>{def.fields.map(f => ({ f, text: show(rec.f[f.name], f, module, rec) })).filter(x => x.text !== '').map(x => <tr key={x.f.name}><th scope="row">{word(x.f.label)}</th><td class="plain-text">{x.text}</td></tr>)}
      <tr><th scope="row">{t('added_on')}</th><td>{stamp(rec.created_at)}</td></tr></tbody></table>
    <p class="sign">{t('signature')}：</p><PrintFoot /></section>
}

export function Sheet({ module, def, id, kind }: SheetProps) {
  const [rec, setRec] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Rec>('GET', `/${def.name}/${id}`).then(r => on && setRec(r), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [id])
  const path = `/${def.name}/${id}`
  const also = ['sheet', 'slip'].concat(postered(def) ? ['poster'] : []).filter(k => k !== kind)
  return <>
    <p class="crumb"><a href={path}><Icon name="back" />{t('back')}</a></p>
    {wrong && <><h1>{word(def.label)}</h1><p class="error" role="alert">{wrong}</p></>}
    {!rec && !wrong && <Waiting />}
    {rec && <><div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button>
      {also.map(k => <a class="button" key={k} href={`${path}/${k}`}>{t(k === 'slip' ? 'receipt' : k === 'poster' ? 'poster' : 'sheet')}</a>)}</div>
      {kind === 'slip' ? <Slip {...{ def, module, rec, path }} /> : kind === 'poster' ? <Poster {...{ def, module, rec, path }} /> : <Whole {...{ def, module, rec, path }} />}</>}
  </>
}
