// 空白表: a form for the days without power, to be filled in by hand; its code names form and version, so that it can be keyed in later.
import { useState } from 'preact/hooks'
import { collection } from '../app/state'
import { t, word } from '../i18n'
import { editable } from '../kit/fields'
import { Icon } from '../kit/icon'
import { PrintFoot } from '../kit/printfoot'
import type { ScreenProps } from '../module'

const MOST_CHOICES = 12

export function Blank({ args }: ScreenProps) {
  const found = collection(args[0])
  const [copies, setCopies] = useState(1)
  if (!found) return <><h1>{t('blank_form')}</h1><p class="error" role="alert">{t('not_found')}</p></>
  const { def, module } = found
  const path = `/${def.name}/new?form=${def.name}.${def.version || 1}&channel=paper`
  const fields = def.fields.filter(f => editable(f) && f.type.indexOf('file') !== 0)
  return <>
    <p class="crumb"><a href={`/${def.name}/new`}><Icon name="back" />{word(def.label)}</a></p>
    <div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button>
      <label class="inline">{t('copies')} <select value={copies} onChange={e => setCopies(Number(e.currentTarget.value))}>{[1, 2, 5, 10, 20].map(n => <option key={n} value={n}>{n}</option>)}</select></label></div>
    {Array.from({ length: copies }, (_, k) => <section class="card paper sheet blank" key={k}>
      <div class="spread"><div><h1>{word(def.label)} · {t('blank_form')}</h1><p class="quiet">{def.name}.{def.version || 1}</p></div>
        <figure class="qr"><img src={'/api/v1/qr?text=' + encodeURIComponent(location.origin + path)} alt={t('scan') + ' ' + location.host + path} width="108" height="108" /><figcaption>{t('scan_key_in')}</figcaption></figure></div>
      <table class="grid"><tbody>{fields.map(f => {
        const codes = f.codes ? module.codes[f.codes] || [] : f.type === 'bool' ? [{ code: 'true', zh: t('yes'), en: t('yes') }, { code: 'false', zh: t('no'), en: t('no') }] : []
        return <tr key={f.name}><th scope="row">{word(f.label, f.name)}{f.required && ' *'}</th><td class={f.type === 'text' ? 'tall' : undefined}>{codes.length > 0 && codes.length <= MOST_CHOICES && codes.map(c => `☐ ${word(c)}`).join('　')}</td></tr>
      })}</tbody></table>
      <p class="sign">{t('filled_by')}：________________　{t('filled_on')}：________________</p><PrintFoot /></section>)}</>
}
