// The inputs of some fields of a collection, and what was put in, as the node wants it.
import type { FieldError } from '../app/api'
import type { Field, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { Day, Moment, upTo } from './day'
import { lazy } from './lazy'
import { Files, type FileValue } from './files'
import { parse, unparse } from './parse'
import { Pick } from './pick'
import { Picks } from './picks'
import { Rows } from './rows'

export interface Draft { text: Record<string, string>; files: Record<string, FileValue[]> }
const Choose = lazy(() => import('./plan').then(m => m.Choose))
type Titles = Record<string, Record<string, string>>

const isFile = (f: Field) => f.type === 'file' || f.type === 'files'

export const editable = (f: Field) => !f.readonly && !f.internal && f.name !== 'state' 

export function begin(fields: Field[], rec?: Rec): Draft {
  const d: Draft = { text: {}, files: {} }
  for (const f of fields) {
    const v = rec ? rec.f[f.name] : undefined
    if (isFile(f)) d.files[f.name] = Array.isArray(v) ? v : v ? [v as FileValue] : []
    else d.text[f.name] = unparse(v, f)
  }
  return d
}

/** What differs from the record, or from nothing. */
export function values(fields: Field[], draft: Draft, rec?: Rec): Record<string, unknown> {
  const was = begin(fields, rec)
  const out: Record<string, unknown> = {}
  for (const f of fields) {
    if (isFile(f)) {
      const shas = draft.files[f.name].map(v => ({ sha: v.sha }))
      if (JSON.stringify(shas) !== JSON.stringify(was.files[f.name].map(v => ({ sha: v.sha }))))
        out[f.name] = f.type === 'files' ? shas : shas[0] || null
    } else if (draft.text[f.name] !== was.text[f.name]) {
      const v = parse(draft.text[f.name], f)
      out[f.name] = v === undefined ? null : v
    }
  }
  return out
}

interface WidgetProps { id: string; field: Field; module: Module; value: string; title?: string; bad?: FieldError; onInput: (text: string) => void }

export function Widget({ id, field, module, value, title, bad, onInput }: WidgetProps) {
  const label = word(field.label, field.name)
  const common = { id, value, required: field.required, 'aria-invalid': bad ? true : undefined, 'aria-describedby': bad ? 'e-' + id : undefined }
  if (field.type === 'ref' && field.to)
    return <Pick id={id} describedBy={common['aria-describedby']} to={field.to} value={value} title={title} required={field.required} bad={bad !== undefined} onInput={onInput} />
  if (field.type === 'region')
    return <Pick id={id} describedBy={common['aria-describedby']} to="places" value={value} title={title} required={field.required} bad={bad !== undefined} onInput={onInput} />
  if (field.type === 'list' && field.check === 'region')
    return <Picks id={id} label={label} describedBy={common['aria-describedby']} to="places" value={value} bad={bad !== undefined} onInput={onInput} />
  if (field.type === 'list' && field.to && field.to !== '*' && !field.codes)
    return <Picks id={id} label={label} describedBy={common['aria-describedby']} to={field.to} value={value} bad={bad !== undefined} onInput={onInput} />
  if (field.items) return <Rows id={id} field={field} module={module} value={value} onInput={onInput} />
  if (field.type === 'date') return <Day id={id} label={label} value={value} bad={bad !== undefined} onInput={onInput} />
  if (field.type === 'ts') return <Moment id={id} label={label} value={value} bad={bad !== undefined} onInput={onInput} />
  const few = field.type === 'int' && field.min !== undefined && field.max !== undefined && field.max - field.min < 12
  const options = field.type === 'bool'
    ? [{ code: 'true', label: t('yes') }, { code: 'false', label: t('no') }]
    : few ? upTo(field.max as number, field.min as number).map(n => ({ code: String(n), label: String(n) }))
      : ((field.codes && field.type === 'code' && module.codes[field.codes]) || []).map(c => ({ code: c.code, label: word(c) }))
  if (field.type === 'list' && field.codes) {
    const chosen = value === '' ? [] : value.split('、')
    return <div class="checks" id={id} role="group" aria-label={word(field.label, field.name)}>{(module.codes[field.codes] || []).map(c => <label key={c.code}>
      <input type="checkbox" checked={chosen.indexOf(c.code) >= 0}
        onChange={e => onInput((e.currentTarget.checked ? chosen.concat(c.code) : chosen.filter(x => x !== c.code)).join('、'))} /> {word(c)}</label>)}</div>
  }
  if (options.length > 0)
    return <select {...common} onChange={e => onInput(e.currentTarget.value)}>
      <option value="">{t('choose')}</option>{options.map(o => <option key={o.code} value={o.code}>{o.label}</option>)}
    </select>
  if (field.type === 'text' || field.type === 'map')
    return <textarea {...common} rows={field.type === 'map' ? 3 : 5} placeholder={field.type === 'map' ? t('map_hint') : undefined} onInput={e => onInput(e.currentTarget.value)} />
  const typed = <input {...common} placeholder={field.type === 'geo' ? '30.27, 120.12' : field.type === 'fen' ? '0.00' : undefined} maxLength={field.type === 'str' ? field.max || 200 : undefined}
    inputMode={field.type === 'int' ? 'numeric' : field.type === 'fen' || field.type === 'dec' ? 'decimal' : field.check === 'phone' ? 'tel' : undefined} onInput={e => onInput(e.currentTarget.value)} />
  return field.type === 'geo' ? <>{typed}<Choose value={value} label={label} onInput={onInput} /></> : typed
}

interface FieldsProps {
  fields: Field[]; module: Module; draft: Draft; prefix?: string; bare?: boolean; refs?: Titles; bad: FieldError[]
  keep?: Record<string, string>; onKeep?: (keep: Record<string, string>) => void; onChange: (d: Draft) => void
}

export function Fields({ fields, module, draft, prefix = 'f-', bare, refs, bad, keep, onKeep, onChange }: FieldsProps) {
  return <>{fields.map(f => {
    const error = bad.find(b => b.field === f.name)
    const id = prefix + f.name
    const value = draft.text[f.name]
    return <div class="field" key={f.name}>
      <label for={id} class={bare ? 'sr' : undefined}>{word(f.label, f.name)}{f.required && <span class="quiet"> · {t('required')}</span>}</label>
      {f.help && <p class="help">{word(f.help)}</p>}
      {isFile(f)
        ? <Files id={id} value={draft.files[f.name]} single={f.type === 'file'} bad={error !== undefined}
          onChange={v => onChange({ ...draft, files: { ...draft.files, [f.name]: v } })} />
        : <Widget id={id} field={f} module={module} value={value} title={refs && refs[f.name] && refs[f.name][value]} bad={error}
          onInput={v => onChange({ ...draft, text: { ...draft.text, [f.name]: v } })} />}
      {error && <p class="error" id={'e-' + id}>{word(error)}</p>}
      {error && error.warning && keep && onKeep && <label>{t('keep')}
        <input value={keep[f.name] || ''} onInput={e => onKeep({ ...keep, [f.name]: e.currentTarget.value })} /></label>}
    </div>
  })}</>
}
