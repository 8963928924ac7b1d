// On a survey's page: its questions and roll, the turnout as it stands, and where to vote, print, count. On a proposal: support.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection, session } from '../../app/state'
import { word } from '../../i18n'
import { w } from '../../i18n/survey'
import type { PanelProps } from '..'
import { inOrder, percent, type Ballot, type Turnout } from './data'

export function TurnoutBox({ turnout }: { turnout: Turnout }) {
  const area = Number(turnout.area_all) > 0
  return <section class="card" aria-live="polite"><h2>{w('turnout')}</h2>
    <p>{w('people')} <b>{turnout.heads} / {turnout.heads_all}</b> {percent(turnout.heads, turnout.heads_all)}
      {area && <>　{w('by_area')} <b>{turnout.area} / {turnout.area_all} ㎡</b> {percent(Number(turnout.area), Number(turnout.area_all))}</>}</p>
    <p><meter min={0} max={turnout.heads_all || 1} value={turnout.heads} aria-label={w('people')} /></p>
    <p class="quiet">{w(turnout.quorum ? 'quorum_met' : 'quorum_not')}</p></section>
}

export function SurveyPanel({ rec }: PanelProps) {
  const [ballot, setBallot] = useState<Ballot | null>(null)
  const roles = session.value ? session.value.roles : []
  const has = (r: string) => roles.indexOf(r) >= 0
  const holds = has('committee') || has('owners')
  useEffect(() => {
    let on = true
    call<Ballot>('GET', `/survey/${rec.id}/ballot`).then(b => on && setBallot(b), () => undefined)
    return () => { on = false }
  }, [rec.id, rec.state])
  const open = rec.state === 'open'
  const counted = rec.state === 'counting' || rec.state === 'counted' || rec.state === 'published' || rec.state === 'final'
  return <>
    <div class="row">{open && session.value && session.value.account && <a class="button primary" href={'/vote/' + rec.id}>{w('vote')}</a>}
      {open && rec.f.paper === true && holds && <a class="button" href={'/ballots/' + rec.id}>{w('papers')}</a>}
      {open && rec.f.paper === true && (holds || has('worker')) && <a class="button" href={`/vote/${rec.id}/paper`}>{w('key')}</a>}
      {counted && <a class="button" href={'/tally/' + rec.id}>{w('tally')}</a>}
      {rec.state === 'published' && session.value && session.value.account && <a class="button" href={'/objection/new?survey=' + rec.id}>{w('object')}</a>}
      {collection('roll') && holds && <a class="button" href={'/roll?survey=' + rec.id}>{w('roll')}</a>}
      {rec.state === 'draft' && collection('question') && <a class="button" href={'/question/new?survey=' + rec.id}>{w('questions')}</a>}</div>
    {ballot && ballot.turnout.heads_all > 0 && <TurnoutBox turnout={ballot.turnout} />}
    {ballot && ballot.questions.length > 0 && <section class="card"><h2>{w('questions')}</h2><ol>{inOrder(ballot.questions).map(q =>
      <li key={q.id} value={q.no}>{rec.state === 'draft' ? <a href={'/question/' + q.id}>{q.label}</a> : q.label} <span class="quiet">{(q.options || []).map(o => o.label).join(' / ')}</span></li>)}</ol></section>}
  </>
}

export function ProposalPanel({ rec, onDone }: PanelProps) {
  const [wrong, setWrong] = useState('')
  const who = session.value && session.value.account ? session.value.account.person : ''
  const send = () => call('POST', '/support', { proposal: rec.id, person: who }, { 'Idempotency-Key': newKey() })
    .then(onDone, e => { if (!(e instanceof ApiError)) throw e; setWrong(word(e)) })
  if (!who || (rec.state !== 'filed' && rec.state !== 'supported')) return null
  return <p><button type="button" class="primary" onClick={() => void send()}>{w('support')}</button>{wrong && <span class="error" role="alert"> {wrong}</span>}</p>
}
