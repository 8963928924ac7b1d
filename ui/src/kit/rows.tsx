// A list whose entries are objects: one card an entry, with the widgets of its own fields. Its text is the list as JSON.
import type { Field, Module } from '../app/types'
import { t, word } from '../i18n'
import { Widget } from './fields'
import { parse, unparse } from './parse'

type Row = { [name: string]: unknown }

export function Rows({ id, field, module, value, onInput }: { id: string; field: Field; module: Module; value: string; onInput: (text: string) => void }) {
  const items = field.items || []
  const rows: Row[] = value === '' ? [] : JSON.parse(value) as Row[]
  const put = (next: Row[]) => onInput(next.length === 0 ? '' : JSON.stringify(next))
  const set = (at: number, f: Field, text: string) => put(rows.map((r, i) => {
    if (i !== at) return r
    const next: Row = { ...r }
    const v = parse(text, f)
    if (v === undefined) delete next[f.name]
    else next[f.name] = v
    return next
  }))
  return <div class="rows" id={id} role="group" aria-label={word(field.label, field.name)}>
    {rows.map((r, at) => <fieldset key={at} class="entry"><legend>{word(field.label, field.name)} {at + 1}</legend>
      {items.map(f => <div class="field" key={f.name}>
        <label for={`${id}-${at}-${f.name}`}>{word(f.label, f.name)}{f.required && <span class="quiet"> · {t('required')}</span>}</label>
        <Widget id={`${id}-${at}-${f.name}`} field={f} module={module} value={unparse(r[f.name], f)} onInput={text => set(at, f, text)} />
      </div>)}
      <button type="button" onClick={() => put(rows.filter((_, i) => i !== at))}>{t('remove')}</button></fieldset>)}
    <button type="button" onClick={() => put(rows.concat({}))}>{t('add_row')}</button>
  </div>
}
