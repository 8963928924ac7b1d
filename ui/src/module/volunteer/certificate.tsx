// Printed: the certificate of volunteer service, with serial, check code and QR code.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { collection, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/volunteer'
import { Icon } from '../../kit/icon'
import { PrintFoot } from '../../kit/printfoot'
import { Waiting } from '../../kit/state'
import type { PanelProps, ScreenProps } from '..'

export function Certificate({ args }: ScreenProps) {
  const [rec, setRec] = useState<Rec | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => { call<Rec>('GET', '/service_certificate/' + args[0]).then(setRec, e => setWrong(word(e))) }, [args[0]])
  if (!rec) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const f = rec.f as Record<string, string> & { minutes: number; times: number; roles?: string[] }
  const found = collection('service_certificate')
  const codes = (found && found.module.codes.volunteer_role) || []
  const name = (rec.refs && rec.refs.volunteer && rec.refs.volunteer[String(f.volunteer)]) || ''
  return <><p class="crumb"><a href={'/service_certificate/' + rec.id}><Icon name="back" />{t('back')}</a></p>
    <div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div>
    <div class="sheet card paper"><h1 class="center">{w('certificate')}</h1><p class="right code">{f.serial}</p>
    <p class="paper-body">{name}：{w('served', { from: f.from, until: f.until, times: f.times, hours: Math.floor(f.minutes / 60), minutes: f.minutes % 60 })}<br />
      {(f.roles || []).map(r => word(codes.find(c => c.code === r), r)).join('、')}</p>
    <p class="right">{session.value ? session.value.node.name : ''}<br />{f.date}</p>
    <figure class="qr qr-left"><img src={'/api/v1/qr?text=' + encodeURIComponent(`${location.origin}/verify?serial=${f.serial}&code=${f.check_code}`)} alt={w('check_at')} width="110" height="110" />
      <figcaption>{w('check_at')}<br />{w('check_code')} <b class="code">{f.check_code}</b></figcaption></figure>
    <PrintFoot /></div></>
}

export const CertificatePanel = ({ rec }: PanelProps) => <p><a class="button primary" href={'/certificate/' + rec.id}><Icon name="print" />{w('certificate_print')}</a></p>
