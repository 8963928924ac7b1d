// Statistics: each as a chart with its table, by module, for one region or all, and the regions beside each other; what is too small to
// show is said to be.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { go, modules, query } from './state'
import { lang, t, word } from '../i18n'
import { amount, Bars, Chart, count, said, Table, total, type Stat } from '../kit/chart'
import { Icon } from '../kit/icon'
import { PrintFoot } from '../kit/printfoot'
import { Empty, Waiting } from '../kit/state'
import { stamp } from '../kit/value'

interface Region { region: string; name: string; as_of: number }
interface Answer { items: Stat[]; regions: Region[]; min: number; live: boolean }
const MOST_REGIONS = 40

/** One figure of each region below, asked for one after the other: nobody has them side by side but who looks here. */
function Compare({ regions, stats }: { regions: Region[]; stats: Stat[] }) {
  const [code, setCode] = useState(stats[0] ? stats[0].code : '')
  const [rows, setRows] = useState<{ key: string; n: number; least: boolean }[] | null>(null)
  useEffect(() => {
    let on = true
    setRows(null)
    async function load() {
      const out: { key: string; n: number; least: boolean }[] = []
      for (const r of regions.slice(0, MOST_REGIONS)) {
        const a = await call<Answer>('GET', '/stats?region=' + r.region)
        const s = a.items.find(x => x.code === code)
        out.push({ key: r.name, n: s ? total(s) : 0, least: s !== undefined && s.cells.some(c => count(c) === null) })
        if (!on) return
      }
      setRows(out.sort((a, b) => b.n - a.n))
    }
    load().then(() => undefined, () => on && setRows([]))
    return () => { on = false }
  }, [code, regions.length])
  const stat = stats.find(s => s.code === code)
  const shown = (r: { n: number; least: boolean }) => (r.least ? '≥ ' : '') + amount(stat, r.n)
  function save() {
    const text = (v: string | number) => '"' + String(v).replace(/^[=+@-]/, "'$&").replace(/"/g, '""') + '"'
    const lines = [[t('region'), stat ? word(stat.label, code) : code]].concat((rows || []).map(r => [r.key, shown(r)])).map(l => l.map(text).join(','))
    const a = document.createElement('a')
    a.href = URL.createObjectURL(new Blob(['\uFEFF' + lines.join('\r\n') + '\r\n'], { type: 'text/csv' }))
    a.download = code + '.csv'
    a.click()
    setTimeout(() => URL.revokeObjectURL(a.href), 1000)
  }
  return <section class="card"><div class="block-head"><h2>{t('districts')}</h2>{rows && rows.length > 0 && <button type="button" class="no-print" onClick={save}><Icon name="download" />{t('export')}</button>}</div>
    <div class="field no-print"><label for="compare">{t('what')}</label><select id="compare" value={code} onChange={e => setCode(e.currentTarget.value)}>{stats.map(s => <option key={s.code} value={s.code}>{word(s.label, s.code)}</option>)}</select></div>
    {!rows ? <Waiting /> : rows.length === 0 ? <Empty /> : <><Bars label={t('districts')} rows={rows} stat={stat} />
      <details><summary>{t('as_table')}</summary><div class="scroll" tabIndex={0} role="region" aria-label={t('districts')}><table><thead><tr><th scope="col">{t('region')}</th><th scope="col" class="num">{t('number')}</th></tr></thead>
        <tbody>{rows.map(r => <tr key={r.key}><td>{r.key}</td><td class="num">{shown(r)}</td></tr>)}</tbody></table></div></details></>}</section>
}

function Figure({ stat, min }: { stat: Stat; min: number }) {
  return <section class="card"><h2>{word(stat.label, stat.code)} {stat.kind !== 'share' && stat.kind !== 'complete' && <span class="count">{stat.cells.some(c => count(c) === null) ? '≥ ' : ''}{amount(stat, total(stat))}</span>}</h2>
    <Chart stat={stat} />{stat.medians && stat.medians.length > 0 && <p class="quiet">{t('medians')}：{stat.medians.map(m => `${stat.dims.slice(0, -1).map((d, i) => said(d, m[i])).join(' · ')} ${m[m.length - 2] === null ? t('too_few', { n: min }) : Number(m[m.length - 2]) / 10}`.trim()).join('；')}</p>}
    <Table stat={stat} min={min} /></section>
}

export function Stats() {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [wrong, setWrong] = useState('')
  const region = new URLSearchParams(query.value).get('region') || ''
  useEffect(() => {
    let on = true
    setWrong('')
    call<Answer>('GET', '/stats' + (region ? '?region=' + region : '')).then(a => on && setAnswer(a), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [region, lang.value])
  if (!answer) return <><h1>{t('stats')}</h1>{wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting lines={8} />}</>
  const shown = answer.items.filter(s => s.cells.length > 0)
  const of = answer.regions.find(r => r.region === region)
  const parts = modules.value.map(m => ({ m, list: shown.filter(s => s.module === m.module) })).filter(x => x.list.length > 0)
  return <>
    <div class="list-head"><h1>{t('stats')}</h1><div class="row no-print"><button type="button" onClick={() => window.print()}><Icon name="print" />{t('print')}</button></div></div>
    {!answer.live && <div class="row no-print"><label class="grow">{t('region')}<select value={region} onChange={e => go('/stats' + (e.currentTarget.value ? '?region=' + e.currentTarget.value : ''), true)}>
      <option value="">{t('all_regions', { n: answer.regions.length })}</option>
      {answer.regions.map(r => <option key={r.region} value={r.region}>{r.name}</option>)}</select></label></div>}
    <p class="quiet">{answer.live ? t('counted_now') : of ? t('as_of', { when: stamp(of.as_of) }) : t('summed')}</p>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {shown.length === 0 && <div class="card"><Empty icon="chart" /></div>}
    {parts.length > 1 && <nav class="parts no-print" aria-label={t('contents')}>{parts.map(x => <a key={x.m.module} class="chip" href={'#part-' + x.m.module}>{word(x.m.label, x.m.module)} <span class="quiet">{x.list.length}</span></a>)}</nav>}
    {!answer.live && !region && answer.regions.length > 0 && shown.length > 0 && <Compare regions={answer.regions} stats={shown} />}
    {parts.map(x => <section key={x.m.module} id={'part-' + x.m.module}>
      <h2>{word(x.m.label, x.m.module)}</h2><div class="masonry">{x.list.map(s => <Figure key={s.code} stat={s} min={answer.min} />)}</div></section>)}
    <PrintFoot />
  </>
}

/** One statistic for a first screen, all regions together. */
export function One({ code, title }: { code: string; title: string }) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    let on = true
    call<Answer>('GET', '/stats').then(a => on && setAnswer(a), e => on && setWrong(word(e)))
    return () => { on = false }
  }, [lang.value])
  const stat = answer ? answer.items.find(s => s.code === code) : undefined
  return <><h2>{title || (stat ? word(stat.label) : '')}</h2>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!answer && !wrong && <Waiting />}
    {answer && (!stat || stat.cells.length === 0) && <Empty icon="chart" />}
    {answer && stat && stat.cells.length > 0 && <><Chart stat={stat} /><Table stat={stat} min={answer.min} /></>}</>
}
