// Search and filters of a list, as its definition names them. What the address asks for and no filter shows stands as a chip.
import { useState } from 'preact/hooks'
import { narrow, session } from '../app/state'
import type { Collection, Field, Module } from '../app/types'
import { t, word } from '../i18n'
import { Day } from './day'
import { Icon } from './icon'
import { Pick } from './pick'
import { today } from './when'

interface FiltersProps { module: Module; def: Collection; params: URLSearchParams; onPut: (change: Record<string, string>) => void }
const SILENT = ['q', 'cursor', 'sort', 'limit']

function One({ module, field, params, onPut }: { module: Module; field: Field; params: URLSearchParams; onPut: FiltersProps['onPut'] }) {
  const id = 'q-' + field.name
  const value = params.get(field.name) || ''
  const label = word(field.label, field.name)
  const options = field.type === 'bool' ? [{ code: 'true', text: t('yes') }, { code: 'false', text: t('no') }]
    : ((field.codes && module.codes[field.codes]) || []).map(c => ({ code: c.code, text: word(c) }))
  if (field.type === 'date') return <div class="field"><span class="label">{label}</span>
    <div class="pair"><Day id={id} label={label + ' ' + t('from')} value={params.get(field.name + '.gte') || ''} onInput={v => onPut({ [field.name + '.gte']: whole(v) })} /></div></div>
  if (options.length > 0) return <div class="field"><label for={id}>{label}</label><select id={id} value={value} onChange={e => onPut({ [field.name]: e.currentTarget.value })}>
    <option value="">{t('any')}</option>{value.indexOf(',') > 0 && <option value={value}>{t('several')}</option>}{options.map(o => <option key={o.code} value={o.code}>{o.text}</option>)}</select></div>
  if (field.type === 'ref' && field.to && field.to !== '*')
    return <div class="field"><label for={id}>{label}</label><Pick key={value} id={id} to={field.to} value={value} onInput={v => { if (v || value) onPut({ [field.name]: v }) }} /></div>
  return <div class="field"><label for={id}>{label}</label><input id={id} value={value} onChange={e => onPut({ [field.name]: e.currentTarget.value })} /></div>
}
const whole = (v: string) => (/^\d{4}-\d\d-\d\d$/.test(v) ? v : '')

function States({ def, params, onPut }: Omit<FiltersProps, 'module'>) {
  const w = def.workflow
  if (!w) return null
  const value = params.get('state') || ''
  const open = Object.keys(w.states).filter(s => w.final.indexOf(s) < 0).join(',')
  return <div class="field"><label for="q-state">{t('state')}</label><select id="q-state" value={value} onChange={e => onPut({ state: e.currentTarget.value })}>
    <option value="">{t('any')}</option><option value={open}>{t('not_done')}</option>{value.indexOf(',') > 0 && value !== open && <option value={value}>{t('several')}</option>}
    {Object.keys(w.states).map(s => <option key={s} value={s}>{word(w.states[s], s)}</option>)}</select></div>
}

/** What a condition of the address says, when no filter shows it. */
function Conditions({ def, params, onPut }: Omit<FiltersProps, 'module'>) {
  const shown = (def.filters || []).concat(def.workflow ? ['state'] : [], SILENT)
  const rest = Array.from(params.keys()).filter(k => shown.indexOf(k) < 0 && k !== 'mine' && k !== 'stale')
  const name = (k: string) => {
    const f = def.fields.find(x => x.name === k.replace(/\.(gte|lte|stale)$/, ''))
    const v = params.get(k) || ''
    const time = /^\d{12,}$/.test(v) ? today(Number(v)) : v
    return `${f ? word(f.label, f.name) : k.indexOf('created') === 0 ? t('added_on') : k.replace(/\..*/, '')} ${/\.gte$/.test(k) ? '≥' : /\.lte$/.test(k) ? '≤' : /\.stale$/.test(k) ? '<' : ''} ${time.length === 20 && !/-/.test(time) ? '' : time}`
  }
  if (rest.length === 0) return null
  return <p>{rest.map(k => <button type="button" class="chip tone-main" key={k} aria-label={t('remove') + ' ' + name(k)} onClick={() => onPut({ [k]: '' })}>{name(k)} <Icon name="close" /></button>)}</p>
}

const MOST_KINDS = 12

/** The first filter with few values, as what one taps. */
export function kinds(module: Module, def: Collection): Field | undefined {
  const f = (def.filters || []).map(n => def.fields.find(x => x.name === n)).find(x => x !== undefined && x.type === 'code' && !!x.codes)
  const n = f && f.codes ? (module.codes[f.codes] || []).length : 0
  return n > 1 && n <= MOST_KINDS ? f : undefined
}

function Kinds({ module, field, params, onPut }: { module: Module; field: Field; params: URLSearchParams; onPut: FiltersProps['onPut'] }) {
  const value = params.get(field.name) || ''
  const one = (code: string, text: string) => <button type="button" key={code} aria-pressed={value === code} onClick={() => onPut({ [field.name]: code })}>{text}</button>
  return <div class="kinds" role="group" aria-label={word(field.label, field.name)}>{one('', t('any'))}{(module.codes[field.codes || ''] || []).map(c => one(c.code, word(c)))}</div>
}

export function Filters({ module, def, params, onPut }: FiltersProps) {
  const kind = kinds(module, def)
  const fields = (def.filters || []).map(n => def.fields.find(f => f.name === n)).filter((f): f is Field => f !== undefined && f.name !== 'state' && f !== kind)
  const used = fields.some(f => params.has(f.name) || params.has(f.name + '.gte')) || params.has('state')
  const [open, setOpen] = useState(used || (!narrow.value && fields.length > 0 && fields.length < 4))
  const account = session.value && session.value.account
  return <div class="filters-box no-print">
    <form class="searchbar" role="search" onSubmit={e => { e.preventDefault(); onPut({ q: (new FormData(e.currentTarget as HTMLFormElement).get('q') as string).trim() }) }}>
      {def.search && <><Icon name="search" /><input name="q" type="search" aria-label={t('search')} placeholder={t('search_in', { what: word(def.label) })} defaultValue={params.get('q') || ''}
        onChange={e => onPut({ q: e.currentTarget.value.trim() })} /></>}
      {(fields.length > 0 || def.workflow) && <button type="button" aria-expanded={open} aria-controls="filters" onClick={() => setOpen(!open)}><Icon name="filter" />{t('filter')}</button>}
    </form>
    {kind && <Kinds module={module} field={kind} params={params} onPut={onPut} />}
    {open && <div class="card filters" id="filters"><States def={def} params={params} onPut={onPut} />
      {fields.map(f => <One key={f.name} module={module} field={f} params={params} onPut={onPut} />)}</div>}
    <div class="row">
      {account && def.workflow && !!def.behalf && <label class="check"><input type="checkbox" checked={params.has('mine')} onChange={e => onPut({ mine: e.currentTarget.checked ? '1' : '' })} />{t('mine_only')}</label>}
      {def.fresh_days && session.value && session.value.staff && <label class="check"><input type="checkbox" checked={params.has('stale')} onChange={e => onPut({ stale: e.currentTarget.checked ? '1' : '' })} />{t('stale_only', { n: def.fresh_days })}</label>}
    </div>
    <Conditions def={def} params={params} onPut={onPut} />
  </div>
}
