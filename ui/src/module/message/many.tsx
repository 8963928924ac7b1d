// Writing to many: an old list or a new rule, a subject, then the message in the conversation that is made.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection, go } from '../../app/state'
import type { Code, Rec } from '../../app/types'
import { word } from '../../i18n'
import { w as t } from '../../i18n/message'
import { codesOf } from '../codes'
import { Icon } from '../../kit/icon'

type Rule = Record<string, string>

function Checks({ label, name, options, rule, onChange }: { label: string; name: string; options: { code: string; label: string }[]; rule: Rule; onChange: (r: Rule) => void }) {
  if (options.length === 0) return null
  const chosen = rule[name] ? rule[name].split(',') : []
  return <fieldset class="entry"><legend>{label}</legend><div class="checks">{options.map(o => <label key={o.code}><input type="checkbox" checked={chosen.indexOf(o.code) >= 0}
    onChange={e => {
      const next = e.currentTarget.checked ? chosen.concat(o.code) : chosen.filter(c => c !== o.code)
      const r = { ...rule }
      if (next.length > 0) r[name] = next.join(',')
      else delete r[name]
      onChange(r)
    }} /> {o.label}</label>)}</div></fieldset>
}

const coded = (list: Code[]) => list.map(c => ({ code: c.code, label: word(c) }))

/** `care`: for a ledger, which lists residents alone, with the tags that the node knows. */
export function RuleFields({ rule, onChange, care }: { rule: Rule; onChange: (r: Rule) => void; care?: Code[] }) {
  const [buildings, setBuildings] = useState<Rec[]>([])
  const [grids, setGrids] = useState<Rec[]>([])
  useEffect(() => {
    if (care) return // a template is for all communities: their buildings are their own
    void call<{ items: Rec[] }>('GET', '/building?limit=200&sort=code').then(p => setBuildings(p.items), () => undefined)
    if (collection('grid')) void call<{ items: Rec[] }>('GET', '/grid?limit=100').then(p => setGrids(p.items), () => undefined)
  }, [])
  const set = (name: string, value: string) => {
    const r = { ...rule }
    if (value) r[name] = value
    else delete r[name]
    onChange(r)
  }
  return <>
    <div class="checks"><label><input type="checkbox" checked={rule.all === 'yes'} onChange={e => set('all', e.currentTarget.checked ? 'yes' : '')} /> {t('rule_all')}</label></div>
    <Checks label={t('rule_building')} name="building" options={buildings.map(b => ({ code: b.id, label: b.title || String(b.f.name) }))} rule={rule} onChange={onChange} />
    <Checks label={t('rule_grid')} name="grid" options={grids.map(g => ({ code: String(g.f.code), label: String(g.f.name) }))} rule={rule} onChange={onChange} />
    <Checks label={t('rule_care')} name="care" options={coded(care || codesOf('care_kind'))} rule={rule} onChange={onChange} />
    <label>{t('rule_age')}<select value={rule.age || ''} onChange={e => set('age', e.currentTarget.value)}>
      <option value="">{t('age_any')}</option><option value="60-">{t('age_60')}</option><option value="80-">{t('age_80')}</option><option value="18-59">{t('age_adult')}</option></select></label>
    {!care && <Checks label={t('rule_role')} name="role" options={coded(codesOf('role').filter(c => c.code !== 'resident'))} rule={rule} onChange={onChange} />}
    {!care && <Checks label={t('rule_home')} name="home_kind" options={coded(codesOf('home_kind'))} rule={rule} onChange={onChange} />}
  </>
}

export function Many() {
  const [lists, setLists] = useState<Rec[]>([])
  const [list, setList] = useState('')
  const [name, setName] = useState('')
  const [rule, setRule] = useState<Rule>({})
  const [subject, setSubject] = useState('')
  const [group, setGroup] = useState(false)
  const [body, setBody] = useState('')
  const [wrong, setWrong] = useState('')
  const [key] = useState(newKey)
  useEffect(() => { void call<{ items: Rec[] }>('GET', '/contact_list?limit=100').then(p => setLists(p.items), e => setWrong(word(e))) }, [])
  async function make(e: Event) {
    e.preventDefault()
    setWrong('')
    try {
      const to = list || (await call<Rec>('POST', '/contact_list', { name: name || subject, rule }, { 'Idempotency-Key': key + 'l' })).id
      const made = await call<Rec>('POST', '/thread', { kind: group ? 'group' : 'broadcast', subject, list: to }, { 'Idempotency-Key': key })
      if (body.trim()) await call('POST', '/message', { thread: made.id, body: body.trim() }, { 'Idempotency-Key': key + 'm' })
      go('/talk/' + made.id)
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err))
    }
  }
  const empty = list === '' && Object.keys(rule).length === 0
  return <form class="card form" onSubmit={make}>
    <p class="crumb"><a href="/talk"><Icon name="back" />{t('all_talks')}</a></p>
    <h1>{t('to_many')}</h1>
    <label>{t('subject')}<input value={subject} required maxLength={100} onInput={e => setSubject(e.currentTarget.value)} /></label>
    <label>{t('body')}<textarea rows={3} value={body} onInput={e => setBody(e.currentTarget.value)} /></label>
    <label>{t('list')}<select value={list} onChange={e => setList(e.currentTarget.value)}><option value="">{t('new_list')}</option>
      {lists.map(l => <option key={l.id} value={l.id}>{String(l.f.name)}</option>)}</select></label>
    {list === '' && <><label>{t('list_name')}<input value={name} maxLength={60} onInput={e => setName(e.currentTarget.value)} /></label><RuleFields rule={rule} onChange={setRule} /></>}
    <div class="checks"><label><input type="checkbox" checked={group} onChange={e => setGroup(e.currentTarget.checked)} /> {t('group_too')}</label></div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    <button class="primary" disabled={empty || subject.trim() === ''}>{t(body.trim() ? 'send' : 'write_to')}</button>
  </form>
}
