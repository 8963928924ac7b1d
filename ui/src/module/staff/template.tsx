// A new ledger template: first which of its columns the registry or another ledger already holds, then the rest.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { go, session } from '../../app/state'
import type { Code, Rec } from '../../app/types'
import { t, word, type Label } from '../../i18n'
import { w } from '../../i18n/work'
import { RuleFields } from '../message/many'
import type { Column } from './ledger'

interface Held { label: string; where: string; bound_to: string; type: string }
interface Known { bound_to: string; label: Label; where: Label; type: string }

/** What the node's registry holds, and columns of other ledgers that people fill in. */
function heldAlready(known: Known[], templates: Rec[]): Held[] {
  const out: Held[] = known.map(k => ({ label: word(k.label), where: `${w('registry')} · ${word(k.where)}`, bound_to: k.bound_to, type: k.type }))
  for (const x of templates) for (const c of (x.f.columns || []) as Column[])
    if (!c.bound_to) out.push({ label: c.label, where: String(x.f.name), bound_to: `ledger.${x.id}.${c.key}`, type: c.type })
  return out
}

export function Template() {
  const [templates, setTemplates] = useState<Rec[]>([])
  const [homes, setHomes] = useState<Rec[]>([])
  const [name, setName] = useState('')
  const [issuer, setIssuer] = useState('')
  const [period, setPeriod] = useState('quarter')
  const [rule, setRule] = useState<Record<string, string>>({})
  const [wish, setWish] = useState('')
  const [columns, setColumns] = useState<Column[]>([])
  const [known, setKnown] = useState<Known[]>([])
  const [care, setCare] = useState<Code[]>([])
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)
  useEffect(() => {
    void call<{ items: Known[]; care: Code[] }>('GET', '/held').then(h => { setKnown(h.items); setCare(h.care) }, e => setWrong(word(e)))
    void call<{ items: Rec[] }>('GET', '/ledger_template?limit=200').then(p => setTemplates(p.items), () => undefined)
    void call<{ items: Rec[] }>('GET', '/home?limit=100').then(p => { setHomes(p.items); if (p.items[0]) setIssuer(p.items[0].id) }, () => undefined)
  }, [])
  const held = heldAlready(known, templates)
  const of = (c: Column) => held.filter(h => h.label === c.label || (c.label.length > 1 && h.label.length > 1 && (h.label.indexOf(c.label) >= 0 || c.label.indexOf(h.label) >= 0)))
  function look() {
    const lines = wish.split('\n').map(l => l.trim()).filter(Boolean).slice(0, 60)
    setColumns(lines.map((label, i) => {
      const c: Column = { key: 'c' + (i + 1), label, type: new RegExp(w('number_like'), 'i').test(label) ? 'int' : 'str' }
      const exact = held.find(h => h.label === label) || of(c)[0]
      return exact ? { ...c, bound_to: exact.bound_to, type: exact.type } : c
    }))
  }
  const set = (i: number, c: Column) => setColumns(columns.map((o, k) => (k === i ? c : o)))
  async function save(e: Event) {
    e.preventDefault()
    setWrong('')
    try {
      const clean = columns.map(c => { const o: Column = { key: c.key, label: c.label, type: c.type }; if (c.required) o.required = true; if (c.bound_to) o.bound_to = c.bound_to; return o })
      const made = await call<Rec>('POST', '/ledger_template', { name, issuer, period, rule, columns: clean }, { 'Idempotency-Key': key })
      go('/ledger_template/' + made.id)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(err.fields.length > 0 ? word(err.fields[0]) : word(err))
    }
  }
  return <form class="card form" onSubmit={save}>
    <h1>{w('template_new')}</h1>
    <label>{w('template_name')}<input value={name} required maxLength={100} onInput={e => setName(e.currentTarget.value)} /></label>
    <label>{w('issuer')}<select value={issuer} onChange={e => setIssuer(e.currentTarget.value)}>{homes.map(h => <option key={h.id} value={h.id}>{String(h.f.name)}</option>)}</select></label>
    <label>{w('period')}<select value={period} onChange={e => setPeriod(e.currentTarget.value)}>{(['month', 'quarter', 'half', 'year'] as const).map(p => <option key={p} value={p}>{w(`p_${p}`)}</option>)}</select></label>
    <label>{w('columns')}<textarea rows={6} value={wish} placeholder={w('columns_hint')} onInput={e => setWish(e.currentTarget.value)} /></label>
    <button type="button" onClick={look} disabled={wish.trim() === ''}>{w('look')}</button>
    {columns.length > 0 && <>
      <p role="status">{w('saves', { n: columns.length, m: columns.filter(c => c.bound_to).length })}</p>
      <div class="scroll" tabIndex={0} role="region" aria-label={w('held')}><table><thead><tr><th scope="col">{t('number')}</th><th scope="col">{w('held_in')}</th><th scope="col">{w('type')}</th><th scope="col">{w('required')}</th></tr></thead>
        <tbody>{columns.map((c, i) => <tr key={c.key}><th scope="row">{c.label}</th>
          <td><select aria-label={`${w('held_in')} ${c.label}`} value={c.bound_to || ''} onChange={e => { const h = held.find(x => x.bound_to === e.currentTarget.value); set(i, h ? { ...c, bound_to: h.bound_to, type: h.type } : { key: c.key, label: c.label, type: c.type }) }}>
            <option value="">{w('held_none')}</option>{of(c).map(h => <option key={h.bound_to + h.label} value={h.bound_to}>{h.where} · {h.label}</option>)}</select></td>
          <td><select aria-label={`${w('type')} ${c.label}`} value={c.type} onChange={e => set(i, { ...c, type: e.currentTarget.value })}>{(['str', 'int', 'dec', 'date', 'bool'] as const).map(x => <option key={x} value={x}>{w(`t_${x}`)}</option>)}</select></td>
          <td><label class="check"><input type="checkbox" aria-label={`${w('required')} ${c.label}`} checked={c.required === true} onChange={e => set(i, { ...c, required: e.currentTarget.checked })} /></label></td></tr>)}</tbody></table></div>
      <h2>{w('whom')}</h2>
      <RuleFields rule={rule} onChange={setRule} care={care} />
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary" disabled={name.trim() === '' || issuer === '' || !session.value}>{w('make')}</button></>}
  </form>
}
