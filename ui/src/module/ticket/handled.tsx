// 承办月报: what the homes of whoever asks handled in a month: how many, how late, how residents rated it; to be printed.
import { useEffect, useState } from 'preact/hooks'
import { path, session, go } from '../../app/state'
import { collection } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { every } from '../../kit/every'
import { Icon } from '../../kit/icon'
import { PrintFoot } from '../../kit/printfoot'
import { Empty, Waiting } from '../../kit/state'
import { numbered, stamp } from '../../kit/value'
import { CHINA_MS } from '../../kit/when'
import type { ScreenProps } from '..'

const MONTHS = 12
const months = (now = Date.now()) => Array.from({ length: MONTHS }, (_, i) => {
  const d = new Date(now + CHINA_MS)
  return new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() - i, 1)).toISOString().slice(0, 7)
})
const start = (month: string, plus: number) => Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + plus, 1) - CHINA_MS

export function Handled({ args }: ScreenProps) {
  const month = args[0] || months()[0]
  const [rows, setRows] = useState<Rec[] | null>(null)
  const [wrong, setWrong] = useState('')
  const homes = ((session.value && session.value.memberships) || []).map(m => m.home).filter(h => h).join(',')
  useEffect(() => {
    let on = true
    setRows(null)
    if (homes) every(`/ticket?handler=${homes}&created.gte=${start(month, 0)}&created.lte=${start(month, 1) - 1}&sort=id`).then(r => on && setRows(r), e => on && setWrong(word(e)))
    else setRows([])
    return () => { on = false }
  }, [month, homes])
  const found = collection('ticket')
  const states = found && found.def.workflow ? found.def.workflow.states : {}
  const list = rows || []
  const of = (test: (r: Rec) => boolean) => list.filter(test).length
  const rated = list.filter(r => typeof r.f.score === 'number')
  const figures: [string, string | number][] = [[t('h_all'), list.length], [t('h_done'), of(r => /^(replied|rated|closed|appealed)$/.test(r.state || ''))],
    [t('h_late'), of(r => r.f.done_on_time === false || (r.f.done_on_time === undefined && Number(r.f.due || 0) > 0 && Number(r.f.due) < Date.now() && !/^(replied|rated|closed|withdrawn|refused|merged|moved)$/.test(r.state || '')))],
    [t('h_solved'), `${of(r => r.f.solved === true)} / ${of(r => typeof r.f.solved === 'boolean')}`],
    [t('h_score'), rated.length === 0 ? '–' : (rated.reduce((n, r) => n + Number(r.f.score), 0) / rated.length).toFixed(1)]]
  return <>
    <div class="list-head"><h1>{t('handled')} · {month}</h1>
      <div class="row no-print"><label class="inline">{t('h_month')} <select value={month} onChange={e => go('/handled/' + e.currentTarget.value, path.value !== '/handled')}>{months().map(m => <option key={m} value={m}>{m}</option>)}</select></label>
        <button type="button" class="primary" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!rows && !wrong && <Waiting />}
    {rows && <><section class="card"><dl class="figures figures-5">{figures.map(([k, v]) => <div class="figure" key={k}><dt>{k}</dt><dd><b>{v}</b></dd></div>)}</dl></section>
      {list.length === 0 ? <div class="card"><Empty icon="report" /></div> : <div class="scroll" tabIndex={0} role="region" aria-label={t('handled')}><table>
        <thead><tr><th scope="col">{t('what')}</th><th scope="col">{t('state')}</th><th scope="col">{t('added_on')}</th></tr></thead>
        <tbody>{list.map(r => <tr key={r.id}><td><a href={'/ticket/' + r.id}>{numbered(r.title).rest}</a> <span class="quiet">{numbered(r.title).no}</span></td><td>{word(states[r.state || ''], r.state)}</td><td>{stamp(r.created_at)}</td></tr>)}</tbody></table></div>}
      <PrintFoot /></>}
  </>
}
