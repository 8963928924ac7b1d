// Casting a ballot: for oneself, or (staff) keying a paper ballot with its token and a witness.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../../app/api'
import { session } from '../../app/state'
import type { FieldError } from '../../app/api'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/survey'
import { Pick } from '../../kit/pick'
import { Waiting } from '../../kit/state'
import type { ScreenProps } from '..'
import { inOrder, shown, type Answers, type Ballot, type Question } from './data'
import { Icon } from '../../kit/icon'

interface AskProps { q: Question; value: Answers[string] | undefined; bad: FieldError | undefined; onInput: (v: Answers[string] | undefined) => void }

function Ask({ q, value, bad, onInput }: AskProps) {
  const id = 'q-' + q.no
  const options = q.options || []
  const list = Array.isArray(value) ? value : []
  const error = bad && <p class="error" id={'e-' + id}>{word(bad)}</p>
  const name = <>{q.no}. {q.label}{q.required && <span class="quiet"> · {t('required')}</span>}</>
  if (q.kind === 'single' || q.kind === 'multi') return <fieldset class="entry"><legend>{name}</legend>
    {options.map(o => <label class="check" key={o.label}><input type={q.kind === 'single' ? 'radio' : 'checkbox'} name={id} checked={q.kind === 'single' ? value === o.label : list.indexOf(o.label) >= 0}
      onChange={e => onInput(q.kind === 'single' ? o.label : e.currentTarget.checked ? list.concat(o.label) : list.filter(x => x !== o.label))} /> {o.label}</label>)}{error}</fieldset>
  if (q.kind === 'rank') return <fieldset class="entry"><legend>{name}</legend>{options.map((_, i) => <label key={i}>{w('first', { n: i + 1 })}
    <select value={list[i] || ''} onChange={e => { const next = options.map((__, k) => list[k] || ''); next[i] = e.currentTarget.value; onInput(next) }}>
      <option value="">{t('choose')}</option>{options.map(o => <option key={o.label} value={o.label}>{o.label}</option>)}</select></label>)}{error}</fieldset>
  const common = { id, 'aria-invalid': bad ? true : undefined, value: value === undefined ? '' : String(value) }
  return <div class="field"><label for={id}>{name}</label>
    {q.kind === 'text' ? <textarea {...common} rows={3} maxLength={600} onInput={e => onInput(e.currentTarget.value || undefined)} />
      : q.kind === 'scale' ? <select {...common} onChange={e => onInput(e.currentTarget.value ? Number(e.currentTarget.value) : undefined)}>
        <option value="">{t('choose')}</option>{Array.from({ length: 10 }, (_, i) => <option key={i} value={10 - i}>{10 - i}</option>)}</select>
        : <input {...common} inputMode={q.kind === 'number' ? 'numeric' : undefined} placeholder={q.kind === 'date' ? '2026-01-31' : undefined}
          onInput={e => { const v = e.currentTarget.value; onInput(v === '' ? undefined : q.kind === 'number' && /^-?\d+$/.test(v) ? Number(v) : v) }} />}{error}</div>
}

export function Vote({ args }: ScreenProps) {
  const [id, mode] = args
  const paper = mode === 'paper'
  const [survey, setSurvey] = useState<Rec | null>(null)
  const [ballot, setBallot] = useState<Ballot | null>(null)
  const [roll, setRoll] = useState('')
  const [token, setToken] = useState('')
  const [witness, setWitness] = useState('')
  const [answers, setAnswers] = useState<Answers>({})
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [done, setDone] = useState('')
  const load = () => Promise.all([call<Rec>('GET', '/survey/' + id), call<Ballot>('GET', `/survey/${id}/ballot`)]).then(([s, b]) => {
    setSurvey(s)
    setBallot(b)
    if (b.rolls.length > 0 && !roll) setRoll(b.rolls[0].roll)
  }, e => setWrong(word(e)))
  useEffect(() => { void load() }, [id])
  if (!survey || !ballot) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const questions = inOrder(ballot.questions)
  async function cast(e: Event) {
    e.preventDefault()
    setBad([])
    setWrong('')
    setDone('')
    const given: Answers = {}
    for (const q of questions) if (shown(q, answers) && answers[q.no] !== undefined) given[q.no] = answers[q.no]
    try {
      await call('POST', `/survey/${id}/ballot`, paper ? { answers: given, token: token.trim().toUpperCase(), witness } : { answers: given, roll })
      setDone(paper ? w('keyed') + ' ' + token : w('voted'))
      if (paper) { setToken(''); setAnswers({}) }
      await load()
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setBad(err.fields)
      setWrong(err.status === 0 ? t('unreachable') : word(err))
    }
  }
  const secrecy = String(survey.f.secrecy)
  const rolls = ballot.rolls
  const mine = rolls.find(r => r.roll === roll)
  return <article>
    <p class="crumb"><a href={'/survey/' + id}><Icon name="back" />{t('back_to', { what: String(survey.f.title) })}</a></p>
    <h1>{paper ? w('key') : String(survey.f.title)}</h1>
    <p class="quiet">{w(secrecy === 'secret' ? 'secret' : secrecy === 'anonymous' ? 'anonymous' : 'open')}</p>
    {done && <p class="card note" role="status">{done}</p>}
    {!paper && session.value && session.value.account && rolls.length === 0 && <p class="card warn">{w('not_on_roll')}</p>}
    {(paper || rolls.length > 0) && ballot.state === 'open' && <form class="card form" onSubmit={cast} noValidate>
      {paper ? <><label>{w('token')}<input name="token" value={token} autocomplete="off" onInput={e => setToken(e.currentTarget.value)} /></label>
        <div class="field"><label for="witness">{w('witness')}</label><Pick id="witness" to="account" value={witness} required onInput={setWitness} /></div></>
        : <>{rolls.length > 1 ? <label>{w('with_which')}<select value={roll} onChange={e => setRoll(e.currentTarget.value)}>{rolls.map(r => <option key={r.roll} value={r.roll}>{r.name} {r.area && w('area', { n: r.area })}{r.voted && ' · ' + w('voted')}</option>)}</select></label>
          : <p>{mine && mine.name} {mine && mine.area && w('area', { n: mine.area })} {mine && mine.voted && <span class="chip">{w('voted')}</span>}</p>}
        <p class="quiet">{w('again')}</p></>}
      {questions.filter(q => shown(q, answers)).map(q => <Ask key={q.no} q={q} value={answers[q.no]} bad={bad.find(b => b.field === String(q.no))}
        onInput={v => { const next = { ...answers }; if (v === undefined) delete next[q.no]; else next[q.no] = v; setAnswers(next) }} />)}
      {bad.filter(b => b.field !== '' && !questions.some(q => String(q.no) === b.field)).map(b => <p class="error" key={b.zh}>{word(b)}</p>)}
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary">{w('cast')}</button>
    </form>}
  </article>
}
