// The one form, derived from a collection's fields. Files, maps and places have no widget yet and are left untouched.
import { useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import { go } from '../app/state'
import type { FieldError } from '../app/api'
import type { Collection, Field, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { parse, unparse } from './parse'
import { Pick } from './pick'

const WITHOUT_WIDGET = ['file', 'map', 'geo', 'ts']

interface WidgetProps { field: Field; module: Module; value: string; title?: string; bad?: FieldError; onInput: (text: string) => void }

function Widget({ field, module, value, title, bad, onInput }: WidgetProps) {
  const common = { id: 'f-' + field.name, value, required: field.required, 'aria-invalid': bad ? true : undefined,
    'aria-describedby': bad ? 'e-' + field.name : undefined }
  if (field.type === 'ref' && field.to && field.to !== '*')
    return <Pick id={'f-' + field.name} to={field.to} value={value} title={title} required={field.required} bad={bad !== undefined} onInput={onInput} />
  const options = field.type === 'bool'
    ? [{ code: 'true', label: t('yes') }, { code: 'false', label: t('no') }]
    : ((field.codes && field.type === 'code' && module.codes[field.codes]) || []).map(c => ({ code: c.code, label: word(c) }))
  if (options.length > 0)
    return <select {...common} onChange={e => onInput(e.currentTarget.value)}>
      <option value="">{t('choose')}</option>{options.map(o => <option key={o.code} value={o.code}>{o.label}</option>)}
    </select>
  if (field.type === 'text') return <textarea {...common} rows={5} onInput={e => onInput(e.currentTarget.value)} />
  return <input {...common} placeholder={field.type === 'date' ? '2026-01-31' : undefined}
    inputMode={field.type === 'int' ? 'numeric' : undefined} onInput={e => onInput(e.currentTarget.value)} />
}

export function Form({ module, def, rec }: { module: Module; def: Collection; rec?: Rec }) {
  const fields = def.fields.filter(f => !f.readonly && !f.internal && f.name !== 'state' && f.name !== 'files' && WITHOUT_WIDGET.indexOf(f.type) < 0
    && !(rec && rec.masked && rec.masked.indexOf(f.name) >= 0))
  const [text, setText] = useState<Record<string, string>>(() => {
    const start: Record<string, string> = {}
    for (const f of fields) start[f.name] = rec ? unparse(rec.f[f.name], f) : ''
    return start
  })
  const [keep, setKeep] = useState<Record<string, string>>({})
  const [bad, setBad] = useState<FieldError[]>([])
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)

  function body(): Record<string, unknown> {
    const out: Record<string, unknown> = {}
    for (const f of fields) {
      const was = rec ? unparse(rec.f[f.name], f) : ''
      if (text[f.name] !== was) out[f.name] = parse(text[f.name], f) === undefined ? null : parse(text[f.name], f)
    }
    if (Object.keys(keep).length > 0) out._keep = keep
    return out
  }
  async function submit(e: Event) {
    e.preventDefault()
    setWrong('')
    setBad([])
    try {
      const saved = rec
        ? await call<Rec>('PATCH', `/${def.name}/${rec.id}`, body(), { 'If-Match': rec.version_etag })
        : await call<Rec>('POST', `/${def.name}`, body(), { 'Idempotency-Key': key })
      go(`/${def.name}/${saved.id}`)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setBad(err.fields)
      setWrong(err.status === 412 ? t('stale') : err.status === 0 ? t('unreachable') : word(err))
    }
  }
  return (
    <form class="card form" onSubmit={submit} noValidate>
      <h1>{word(def.label, def.name)}</h1>
      {fields.map(f => {
        const error = bad.find(b => b.field === f.name)
        return <div class="field" key={f.name}>
          <label for={'f-' + f.name}>{word(f.label, f.name)}{f.required && <span class="quiet"> · {t('required')}</span>}</label>
          <Widget field={f} module={module} value={text[f.name]} title={rec && rec.refs && rec.refs[f.name] && rec.refs[f.name][text[f.name]]} bad={error} onInput={v => setText({ ...text, [f.name]: v })} />
          {error && <p class="error" id={'e-' + f.name}>{word(error)}</p>}
          {error && error.warning && <label>{t('keep')}
            <input value={keep[f.name] || ''} onInput={e => setKeep({ ...keep, [f.name]: e.currentTarget.value })} /></label>}
        </div>
      })}
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary">{t('save')}</button>
    </form>
  )
}
