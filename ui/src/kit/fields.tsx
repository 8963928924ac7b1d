// The inputs of some fields of a collection, and what was put in, as the node wants it. A place on a map has no widget and is left untouched.
import type { FieldError } from '../app/api'
import type { Field, Module, Rec } from '../app/types'
import { t, word } from '../i18n'
import { Files, type FileValue } from './files'
import { parse, unparse } from './parse'
import { Pick } from './pick'
import { Rows } from './rows'

export interface Draft { text: Record<string, string>; files: Record<string, FileValue[]> }
type Titles = Record<string, Record<string, string>>

const isFile = (f: Field) => f.type === 'file' || f.type === 'files'

export const editable = (f: Field) => !f.readonly && !f.internal && f.name !== 'state' && f.type !== 'geo'

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

const two = (n: number) => (n < 10 ? '0' : '') + n
const upTo = (from: number, to: number) => Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + (to < from ? -i : i))

/** A day by three selects: no native calendar, whose form differs on each old phone. */
function Day({ id, value, onInput }: { id: string; value: string; onInput: (text: string) => void }) {
  const part = value.split('-')
  const now = new Date().getFullYear()
  const put = (i: number, v: string) => {
    const next = [part[0] || '', part[1] || '', part[2] || '']
    next[i] = v
    onInput(next.join('') === '' ? '' : next.join('-'))
  }
  const choice = (i: number, name: 'year' | 'month' | 'day', list: number[]) =>
    <select id={i === 0 ? id : undefined} aria-label={t(name)} value={part[i] || ''} onChange={e => put(i, e.currentTarget.value)}>
      <option value="">{t(name)}</option>{list.map(n => <option key={n} value={two(n)}>{n}</option>)}</select>
  return <div class="day">{choice(0, 'year', upTo(now + 10, 1900))}{choice(1, 'month', upTo(1, 12))}{choice(2, 'day', upTo(1, 31))}</div>
}

interface WidgetProps { id: string; field: Field; module: Module; value: string; title?: string; bad?: FieldError; onInput: (text: string) => void }

export function Widget({ id, field, module, value, title, bad, onInput }: WidgetProps) {
  const common = { id, value, required: field.required, 'aria-invalid': bad ? true : undefined, 'aria-describedby': bad ? 'e-' + id : undefined }
  if (field.type === 'ref' && field.to && field.to !== '*')
    return <Pick id={id} to={field.to} value={value} title={title} required={field.required} bad={bad !== undefined} onInput={onInput} />
  if (field.items) return <Rows id={id} field={field} module={module} value={value} onInput={onInput} />
  if (field.type === 'date') return <Day id={id} value={value} onInput={onInput} />
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
  return <input {...common} placeholder={field.type === 'ts' ? '2026-01-31 09:00' : undefined}
    inputMode={field.type === 'int' ? 'numeric' : undefined} onInput={e => onInput(e.currentTarget.value)} />
}

interface FieldsProps {
  fields: Field[]; module: Module; draft: Draft; prefix?: string; refs?: Titles; bad: FieldError[]
  keep?: Record<string, string>; onKeep?: (keep: Record<string, string>) => void; onChange: (d: Draft) => void
}

export function Fields({ fields, module, draft, prefix = 'f-', refs, bad, keep, onKeep, onChange }: FieldsProps) {
  return <>{fields.map(f => {
    const error = bad.find(b => b.field === f.name)
    const id = prefix + f.name
    const value = draft.text[f.name]
    return <div class="field" key={f.name}>
      <label for={id}>{word(f.label, f.name)}{f.required && <span class="quiet"> · {t('required')}</span>}</label>
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
