// The fund's public page: balance, every posting, a chart with its table, recomputation, the list to download; for keepers: sign.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../../app/api'
import { collection, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { t, word } from '../../i18n'
import { w } from '../../i18n/volunteer'
import { Waiting } from '../../kit/state'
import { money, stamp } from '../../kit/value'
import type { PanelProps, ScreenProps } from '..'

interface Posting { id: string; no: number; date: string; direction: string; amount: number; balance: number; entry: string; signed_by: string[]; previous: string; hash: string }

async function all(path: string): Promise<Rec[]> {
  const out: Rec[] = []
  for (let cursor: string | null = ''; cursor !== null && out.length < 20000;) {
    const page: { items: Rec[]; next: string | null } = await call('GET', `${path}&limit=200${cursor ? '&cursor=' + cursor : ''}`)
    out.push(...page.items)
    cursor = page.next
  }
  return out
}

/** Balance as a line, income up and spending down as bars. */
function Chart({ list }: { list: Posting[] }) {
  const shown = list.slice(-24)
  const top = Math.max(1, ...shown.map(p => Math.max(p.balance, p.amount)))
  const x = (i: number) => 10 + i * (540 / Math.max(1, shown.length - 1))
  const y = (v: number) => 110 - (v / top) * 100
  return <svg class="chart" viewBox="0 0 560 160" role="img" aria-label={w('balance')}>
    {shown.map((p, i) => <rect key={p.id} x={x(i) - 4} width="8" y={p.direction === 'in' ? y(p.amount) : 110} height={(p.amount / top) * (p.direction === 'in' ? 100 : 40)} class={p.direction === 'in' ? '' : 'hatched'} />)}
    <polyline fill="none" stroke="currentColor" stroke-width="2" points={shown.map((p, i) => `${x(i)},${y(p.balance)}`).join(' ')} /></svg>
}

export function Fund({ args }: ScreenProps) {
  const [id] = args
  const [fund, setFund] = useState<Rec | null>(null)
  const [list, setList] = useState<Posting[]>([])
  const [entries, setEntries] = useState<Rec[]>([])
  const [month, setMonth] = useState('')
  const [told, setTold] = useState('')
  const [wrong, setWrong] = useState('')
  const load = () => Promise.all([call<Rec>('GET', '/fund/' + id), all(`/fund_posting?fund=${id}&sort=no`), all(`/fund_entry?fund=${id}&sort=id`)]).then(([f, p, e]) => {
    setFund(f)
    setList(p.map(r => ({ id: r.id, ...(r.f as unknown as Omit<Posting, 'id'>) })))
    setEntries(e)
  }, e => setWrong(word(e)))
  useEffect(() => { void load() }, [id])
  if (!fund) return wrong ? <p class="error" role="alert">{wrong}</p> : <Waiting />
  const account = session.value && session.value.account ? session.value.account.id : ''
  const keeper = Array.isArray(fund.f.keepers) && (fund.f.keepers as string[]).indexOf(account) >= 0
  const entry = (p: Posting) => entries.find(e => e.id === p.entry)
  const waiting = entries.filter(e => !list.some(p => p.entry === e.id))
  const shown = list.filter(p => month === '' || p.date.slice(0, 7) === month)
  const months = list.map(p => p.date.slice(0, 7)).filter((m, i, l) => l.indexOf(m) === i)
  function recount() {
    let sum = 0
    let before = '0'.repeat(64)
    const good = list.every((p, i) => {
      sum += p.direction === 'in' ? p.amount : -p.amount
      const linked = p.no === i + 1 && p.previous === before && p.balance === sum
      before = p.hash
      return linked
    }) && sum === Number(fund && fund.f.balance || 0)
    setTold(good ? w('same', { n: list.length, sum: money(sum) }) : w('differs'))
  }
  async function sign(e: Rec) {
    setWrong('')
    try {
      await call('POST', '/fund_signature', { entry: e.id }, { 'Idempotency-Key': newKey() })
      await load()
    } catch (err) {
      if (!(err instanceof ApiError)) throw err
      setWrong(word(err.fields[0] || err))
    }
  }
  return <article class="sheet">
    <h1>{String(fund.f.name)} · {w('statement')}</h1>
    <p>{w('balance')} <b>{money(Number(fund.f.balance || 0))}</b></p>
    <div class="row"><button type="button" class="primary" onClick={recount}>{w('recount')}</button><a class="button" href={`/api/v1/fund/${id}/postings`} download>{w('list')}</a>
      <label>{w('month')}<select value={month} onChange={e => setMonth(e.currentTarget.value)}><option value="">{w('all')}</option>{months.map(m => <option key={m} value={m}>{m}</option>)}</select></label>
      {keeper && <a class="button" href={'/fund_entry/new?fund=' + id}>{w('entry')}</a>}
      {account && collection('aid_application') && <a class="button" href={'/aid_application/new?fund=' + id}>{w('aid')}</a>}
      <button type="button" onClick={() => window.print()}>{t('print')}</button></div>
    {told && <p class="card note" role="status">{told}</p>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {keeper && waiting.length > 0 && <section class="card"><h2>{w('to_sign')}</h2><ul class="plain">{waiting.map(e => <li class="row" key={e.id}>
      <span class="grow">{String(e.f.date)} {e.f.direction === 'in' ? w('in_') : w('out')} {money(Number(e.f.amount))} {String(e.f.purpose)}</span>
      <button type="button" class="primary" onClick={() => void sign(e)}>{w('sign')}</button></li>)}</ul></section>}
    {list.length > 1 && <Chart list={list} />}
    <div class="scroll" tabIndex={0} role="region" aria-label={w('statement')}><table><thead><tr><th scope="col">{w('no')}</th><th scope="col">{w('date')}</th><th scope="col" class="num">{w('in_')}</th><th scope="col" class="num">{w('out')}</th>
      <th scope="col" class="num">{w('balance')}</th><th scope="col">{w('party')}</th><th scope="col">{w('purpose')}</th><th scope="col">{w('signed')}</th></tr></thead>
    <tbody>{shown.map(p => {
      const e = entry(p)
      return <tr key={p.id}><td>{p.no}</td><td class="date">{p.date}</td><td class="num">{p.direction === 'in' ? money(p.amount) : ''}</td><td class="num">{p.direction === 'out' ? money(p.amount) : ''}</td>
        <td class="num">{money(p.balance)}</td><td>{e ? String(e.f.party_shown) : ''}</td><td>{e ? String(e.f.purpose) : ''}</td><td>{(p.signed_by || []).join('、')}</td></tr>
    })}</tbody></table></div>
    <section class="card"><p>{w('how')}</p><p class="quiet">{w('shell')}</p>
      <pre class="plain-text">{'awk -F, \'NR>1{b+=$3=="in"?$4:-$4}END{print b}\' fund.csv\ntail -n +2 fund.csv | while IFS= read -r l; do printf %s "$(echo "$l" | cut -d, -f1-7)" | sha256sum | cut -c1-64; done'}</pre></section>
    <p class="quiet foot">{session.value ? session.value.node.name : ''} · {stamp(Date.now())}</p>
  </article>
}

export const FundPanel = ({ rec }: PanelProps) => <p><a class="button primary" href={'/statement/' + rec.id}>{w('statement')}</a></p>
