// 考核表: the results of a scheme, person by person, indicator by indicator, to be signed.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/work'
import { every } from '../../kit/every'
import { Icon } from '../../kit/icon'
import { PrintFoot } from '../../kit/printfoot'
import { Empty, Waiting } from '../../kit/state'
import { codesOf } from '../codes'
import type { PanelProps, ScreenProps } from '..'

interface Part { name?: string; indicator?: string; value?: string | number; score?: string | number; total?: string | number }
const named = (r: Rec, field: string) => (r.refs && r.refs[field] && r.refs[field][String(r.f[field])]) || ''

export function Assessment({ args }: ScreenProps) {
  const [scheme, setScheme] = useState<Rec | null>(null)
  const [rows, setRows] = useState<Rec[]>([])
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    Promise.all([call<Rec>('GET', '/assess_scheme/' + args[0]), every('/assess_result?scheme=' + args[0])]).then(([s, r]) => { if (on) { setRows(r); setScheme(s) } }, e => on && setWrong(word(e)))
    return () => { on = false }
  }, [args[0]])
  if (!scheme) return wrong ? <><h1>{w('assessment')}</h1><p class="error" role="alert">{wrong}</p></> : <Waiting />
  const indicators = (scheme.f.indicators || []) as { name: string; weight: number }[]
  const part = (r: Rec, name: string) => {
    const p = ((r.f.parts || []) as Part[]).find(x => (x.name || x.indicator) === name)
    return p ? String(p.value !== undefined ? p.value : p.score !== undefined ? p.score : p.total || '') : ''
  }
  return <>
    <p class="crumb"><a href={'/assess_scheme/' + scheme.id}><Icon name="back" />{scheme.title}</a></p>
    <div class="row no-print"><button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div>
    <section class="card paper sheet"><h1>{String(scheme.f.name)} · {w('assessment')}</h1><p>{String(scheme.f.starts)} – {String(scheme.f.ends)}</p>
      {rows.length === 0 ? <Empty text={w('no_results')} /> : <div class="scroll" tabIndex={0} role="region" aria-label={w('assessment')}><table class="grid signatures"><thead><tr><th scope="col">{t('card_name')}</th>{indicators.map(i => <th scope="col" class="num" key={i.name}>{i.name}（{i.weight}）</th>)}
        <th scope="col" class="num">{w('total')}</th><th scope="col">{w('grade')}</th><th scope="col">{t('signed_here')}</th></tr></thead>
        <tbody>{rows.map(r => <tr key={r.id}><th scope="row">{named(r, 'subject')}</th>{indicators.map(i => <td class="num" key={i.name}>{part(r, i.name)}</td>)}
          <td class="num">{String(r.f.total || '')}</td><td>{word(codesOf('grade').find(c => c.code === r.f.grade), String(r.f.grade || ''))}</td><td /></tr>)}</tbody></table></div>}
      <p class="sign">{w('raters_sign')}</p><PrintFoot /></section></>
}

export const SchemePanel = ({ rec }: PanelProps) => <p class="no-print"><a class="button" href={'/assessment/' + rec.id}><Icon name="print" />{w('assessment')}</a></p>
