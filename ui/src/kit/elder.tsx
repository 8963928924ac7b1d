// A form for elder mode: one question a page, large, with a way back; read aloud where the device can speak; all shown once more before it is sent.
import { useEffect, useRef, useState } from 'preact/hooks'
import { t, word } from '../i18n'
import { Fields } from './fields'
import { Icon } from './icon'
import { Speak } from './speak'
import { parse } from './parse'
import { show } from './value'
import type { FormState } from './form'

export function ElderForm({ module, fields, draft, bad, wrong, busy, keep, setKeep, change, send, then, behalf, title }: FormState) {
  const asked = fields.filter(f => f.required || f.type === 'file' || f.type === 'files')
  const rest = fields.filter(f => asked.indexOf(f) < 0)
  const [at, setAt] = useState(0)
  const [missing, setMissing] = useState(false)
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => { if (head.current) head.current.focus() }, [at])
  const wrongAt = bad.length > 0 ? asked.findIndex(f => f.name === bad[0].field) : -1
  useEffect(() => { if (wrongAt >= 0) setAt(wrongAt) }, [bad])
  const last = at >= asked.length
  const f = asked[at]
  const common = { module, draft, bad, keep, onKeep: setKeep, onChange: change }
  function next(e: Event) {
    e.preventDefault()
    if (last) return void send()
    const empty = f.required === true && draft.text[f.name] !== undefined && draft.text[f.name].trim() === ''
    setMissing(empty)
    if (!empty) setAt(at + 1)
  }
  const answer = (name: string) => {
    const field = fields.find(x => x.name === name)
    if (!field) return ''
    if (draft.files[name]) return draft.files[name].map(v => v.name).join('、')
    return field.type === 'ref' ? (draft.text[name] ? '✓' : '') : show(parse(draft.text[name], field), field, module)
  }
  const question = last ? t('look_once_more') : word(f.label, f.name)
  return <form class="card form" onSubmit={next} noValidate>
    <p class="quiet">{title} · {t('step_of', { n: Math.min(at + 1, asked.length + 1), of: asked.length + 1 })}</p>
    <div class="progress" aria-hidden="true"><i style={{ width: Math.round((at + 1) / (asked.length + 1) * 100) + '%' }} /></div>
    <h1 ref={head} tabIndex={-1}>{question}</h1>
    <Speak text={last ? asked.map(x => word(x.label) + '，' + answer(x.name)).join('。') : question} />
    {!last && <Fields key={f.name} bare fields={[f]} {...common} />}
    {missing && !last && <p class="error" role="alert">{t('answer_first')}</p>}
    {last && <><dl class="facts">{asked.map(x => <div key={x.name}><dt>{word(x.label, x.name)}</dt><dd>{answer(x.name) || t('not_said')}</dd></div>)}</dl>
      {behalf}
      {rest.length > 0 && <details><summary>{t('more_fields', { n: rest.length })}</summary><Fields fields={rest} {...common} /></details>}</>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <button class="primary" disabled={busy}>{last ? (then ? word(then.label) : t('submit')) : t('next_step')}</button>
    <div class="row">{last && then && <button type="button" disabled={busy} onClick={() => void send(true)}>{t('save_draft')}</button>}{at > 0 ? <button type="button" onClick={() => { setMissing(false); setAt(at - 1) }}><Icon name="back" />{t('step_back')}</button> : <a class="button" href="/"><Icon name="back" />{t('home')}</a>}
      <a class="button" href="/help"><Icon name="help" />{t('help_me')}</a></div>
  </form>
}
