// Printed: the tally sheet that two people sign, and ballot papers with their one-time tokens.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { session } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/survey'
import { Icon } from '../../kit/icon'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import type { ScreenProps } from '..'
import { inOrder, percent, type Ballot, type Question, type Turnout } from './data'

interface Cell { option: string; heads: number; area: string }
type Counts = Record<string, Cell[] | { n: number; sum?: number }>
const Foot = () => <p class="quiet foot">{session.value ? session.value.node.name : ''} · {w('printed')} {stamp(Date.now())} · {location.host}</p>

function Counted({ q, counts, turnout, passed }: { q: Question; counts: Counts; turnout: Turnout; passed?: boolean }) {
  const cells = counts[q.no]
  const area = Number(turnout.area_all) > 0
  const head = <h2>{q.no}. {q.label} {passed !== undefined && <b>{w(passed ? 'passed' : 'not_passed')}</b>}</h2>
  if (!Array.isArray(cells)) return <>{head}<p>{cells ? cells.n : 0} {w('answers')}{cells && cells.sum !== undefined && cells.n > 0 && ` · ${w('mean')} ${(cells.sum / cells.n).toFixed(1)}`}</p></>
  return <>{head}<div class="scroll" tabIndex={0} role="region" aria-label={q.label}><table class="grid"><thead><tr><th scope="col">{w('option')}</th><th scope="col">{q.kind === 'rank' ? w('points') : w('people')}</th><th scope="col">{w('share')}</th>
    {area && <><th scope="col">{w('by_area')} ㎡</th><th scope="col">{w('share')}</th></>}</tr></thead>
  <tbody>{cells.map(c => <tr key={c.option}><th scope="row">{c.option}</th><td>{c.heads}</td><td>{percent(c.heads, turnout.heads)}</td>
    {area && <><td>{c.area}</td><td>{percent(Number(c.area), Number(turnout.area))}</td></>}</tr>)}</tbody></table></div></>
}

export function Tally({ args }: ScreenProps) {
  const [id] = args
  const [survey, setSurvey] = useState<Rec | null>(null)
  const [result, setResult] = useState<Rec | null>(null)
  const [questions, setQuestions] = useState<Question[]>([])
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    Promise.all([call<Rec>('GET', '/survey/' + id), call<{ items: Rec[] }>('GET', `/result?survey=${id}&limit=1`), call<Ballot>('GET', `/survey/${id}/ballot`)])
      .then(([s, r, b]) => { setQuestions(inOrder(b.questions)); setResult(r.items[0] || null); setSurvey(s); if (r.items.length === 0) setWrong(t('empty')) }, e => setWrong(word(e)))
  }, [id])
  if (!survey || !result) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const turnout = result.f.turnout as Turnout
  const passed = (result.f.passed || {}) as Record<string, boolean>
  const people = Array.isArray(result.f.counted_by) ? result.f.counted_by as string[] : []
  const rule = (survey.f.rule || {}) as Record<string, string>
  return <div class="sheet card">
    <div class="row"><button type="button" class="primary" onClick={() => window.print()}>{t('print')}</button></div>
    <h1 class="center">{String(survey.f.title)} · {w('tally')}</h1>
    <div class="scroll" tabIndex={0} role="region" aria-label={w('turnout')}><table class="grid"><thead><tr><td /><th scope="col">{w('total')}</th><th scope="col">{w('took_part')}</th><th scope="col">%</th></tr></thead><tbody>
      <tr><th scope="row">{w('people')}</th><td>{turnout.heads_all}</td><td>{turnout.heads}</td><td>{percent(turnout.heads, turnout.heads_all)}</td></tr>
      {Number(turnout.area_all) > 0 && <tr><th scope="row">{w('by_area')} ㎡</th><td>{turnout.area_all}</td><td>{turnout.area}</td><td>{percent(Number(turnout.area), Number(turnout.area_all))}</td></tr>}</tbody></table></div>
    <p>{w('paper_share')} {turnout.paper} / {turnout.ballots}　{w(turnout.quorum ? 'quorum_met' : 'quorum_not')}{rule.quorum && `（${rule.quorum}）`}</p>
    {questions.map(q => <Counted key={q.no} q={q} counts={result.f.counts as Counts} turnout={turnout} passed={rule.quorum ? passed[q.no] : undefined} />)}
    <div class="scroll" tabIndex={0} role="region" aria-label={w('signature')}><table class="grid signatures"><tbody>{[0, 1].map(i => <tr key={i}><th scope="row">{w('counted_by')} {i + 1}</th><td>{people[i] || ''}</td><td>{w('signature')}：</td><td>{w('date')}：</td></tr>)}</tbody></table></div>
    <p class="quiet">{w('void_two')}</p>
    <Foot />
  </div>
}

interface Paper { roll: string; name: string; area: string; token: string }

export function Ballots({ args }: ScreenProps) {
  const [id] = args
  const [survey, setSurvey] = useState<Rec | null>(null)
  const [questions, setQuestions] = useState<Question[]>([])
  const [papers, setPapers] = useState<Paper[] | null>(null)
  const [wrong, setWrong] = useState('')
  useEffect(() => {
    Promise.all([call<Rec>('GET', '/survey/' + id), call<Ballot>('GET', `/survey/${id}/ballot`)])
      .then(([s, b]) => { setQuestions(inOrder(b.questions)); setSurvey(s) }, e => setWrong(word(e)))
  }, [id])
  const make = () => call<{ papers: Paper[] }>('POST', `/survey/${id}/papers`, {}).then(r => setPapers(r.papers), e => setWrong(word(e)))
  if (!survey) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  return <div class="sheet">
    <p class="crumb"><a href={'/survey/' + id}><Icon name="back" />{survey.title}</a></p>
    <h1 class="no-print">{w('papers')}</h1>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <p class="quiet no-print">{papers ? w('papers_made', { n: papers.length }) : w('papers_what')}</p>
    <div class="row">{papers ? <button type="button" class="primary" onClick={() => window.print()}>{t('print')}</button>
      : <button type="button" class="primary" onClick={() => void make()}>{w('papers_make')}</button>}</div>
    {papers && papers.map(p => <section class="card paper" key={p.roll}>
      <h2 class="center">{String(survey.f.title)} · {w('ballot')}</h2>
      <p>{p.name} {p.area && w('area', { n: p.area })}　<span class="quiet">{w('mark')}</span></p>
      {questions.map(q => <div key={q.no}><p><b>{q.no}. {q.label}</b></p><p>{(q.options || []).map(o => <span class="box" key={o.label}>□ {o.label}　</span>)}{(!q.options || q.options.length === 0) && '____________________'}</p></div>)}
      <p>{w('signature')}：____________　{w('date')}：____________</p>
      <p class="row"><img class="qr" src={'/api/v1/qr?text=' + encodeURIComponent(p.token)} alt="" width="80" height="80" /><span>{w('token')} <b class="code">{p.token}</b></span></p>
      <Foot />
    </section>)}
  </div>
}
