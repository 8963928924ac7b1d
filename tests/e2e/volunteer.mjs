// M11: any resident can recompute the fund balance from the public list, and a volunteer prints a service certificate with serial
// and check code.
import { createHash } from 'node:crypto'
import { end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 160
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee'])
const cookies = {}
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
async function api(who, method, where, body) {
  if (who && !cookies[who]) {
    const r = await again(`${base}/api/v1/session`, { method: 'POST', headers: { Origin: base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
    cookies[who] = r.headers.get('set-cookie').split(';')[0]
  }
  const r = await again(`${base}/api/v1${where}`, { method, headers: { Origin: base, 'Content-Type': 'application/json', cookie: cookies[who] ?? '' }, body: body && JSON.stringify(body) })
  const text = await r.text()
  return { status: r.status, text, body: (() => { try { return JSON.parse(text) } catch { return null } })() }
}
async function made(who, where, body) {
  const r = await api(who, 'POST', where, body)
  if (r.status >= 300) throw new Error(`${who} ${where}: ${r.status} ${r.text}`)
  return r.body
}
const step = (who, coll, id, action, more = {}) => made(who, `/${coll}/${id}/steps`, { action, ...more })
async function until(what, seconds = 20) {
  for (let i = 0; i < seconds * 5; i++) {
    if (await what().catch(() => false)) return true
    await new Promise(done => setTimeout(done, 200))
  }
  return false
}

try {
  const keepers = []
  const people = {}
  for (const who of ['kate', 'ken', 'kim', 'vera', 'olga']) {
    const p = await made('worker', '/person', { name: who, id_type: '990', id_no: 'P' + who, kind: 'local', birth: '1970-01-01', _keep: { id_no: '样例' } })
    people[who] = p.id
    run(['user', 'add', '--dir', node, '--login', who, '--role', who[0] === 'k' ? 'volunteer' : 'resident', '--person', p.id], `linli-${who}\n`)
    if (who[0] === 'k') keepers.push((await api(who, 'GET', '/session')).body.account.id)
  }

  // ---- the fund
  const two = await api('committee', 'POST', '/fund', { name: '互助基金', keepers: keepers.slice(0, 2), rules: '章程', opened: '2026-01-01' })
  ok('a fund has at least three keepers', two.status === 422, two.text)
  const fund = await made('committee', '/fund', { name: '互助基金', keepers, rules: '章程', opened: '2026-01-01' })
  const entry = (direction, kind, amount, more = {}) => ({ fund: fund.id, date: '2026-11-01', direction, kind, amount, party_shown: '热心居民', purpose: '捐款', ...more })
  ok('only a keeper writes entries', (await api('committee', 'POST', '/fund_entry', entry('in', 'gift', 1))).status >= 400)
  const sign = (who, id) => api(who, 'POST', '/fund_signature', { entry: id })
  const postings = async () => (await api(null, 'GET', `/fund_posting?fund=${fund.id}&sort=no&limit=200`)).body.items
  const gift = await made('kate', '/fund_entry', entry('in', 'gift', 50000))
  const first = await sign('kate', gift.id)
  ok('one signature posts nothing', (await postings()).length === 0, first.text)
  if (first.status >= 400) await sign('ken', gift.id)
  ok('nobody signs twice', (await sign('kate', gift.id)).status >= 400)
  if ((await postings()).length === 0) await sign('ken', gift.id)
  ok('the second one does', await until(async () => (await postings()).length === 1), JSON.stringify(await postings()))
  const post = async (who, f) => {
    const e = await made(who, '/fund_entry', f)
    const n = (await postings()).length
    for (const k of ['kate', 'ken']) await sign(k, e.id)
    return [e, await until(async () => (await postings()).length === n + 1)]
  }
  ok('a cost goes out', (await post('ken', entry('out', 'cost', 12000, { purpose: '办公用品' })))[1])
  const over = await made('ken', '/fund_entry', entry('out', 'cost', 9999900))
  const tries = [await sign('kate', over.id), await sign('ken', over.id)]
  ok('more than there is does not', tries.some(t => t.status >= 400) && (await postings()).length === 2, tries.map(t => t.status).join())
  ok('a reversal of another amount is refused', (await post('kim', entry('out', 'reversal', 50000 - 12000, { reverses: gift.id })).catch(() => [null, false]))[1] === false)

  // what any resident does with the public list
  const list = await postings()
  let balance = 0
  let previous = '0'.repeat(64)
  let good = true
  for (const p of list.sort((a, b) => a.f.no - b.f.no)) {
    balance += p.f.direction === 'in' ? p.f.amount : -p.f.amount
    const line = [p.f.no, p.f.date, p.f.direction, p.f.amount, p.f.balance, p.f.entry, p.f.previous].join(',')
    good = good && p.f.balance === balance && p.f.previous === previous && p.f.hash === createHash('sha256').update(line).digest('hex')
    previous = p.f.hash
  }
  ok('any resident recomputes balance and chain from the public list', good && balance === 38000, JSON.stringify(list.map(p => p.f)))
  const csv = await api(null, 'GET', `/fund/${fund.id}/postings`)
  ok('which comes as a table, too', csv.status === 200 && csv.text.includes(previous), csv.text.slice(0, 200))
  ok('and the fund shows the balance', (await api(null, 'GET', `/fund/${fund.id}`)).body.f.balance === 38000)

  // ---- service
  const vera = await made('vera', '/volunteer', { person: people.vera, roles: ['1'], shown_as: 'name' })
  await step('worker', 'volunteer', vera.id, 'admit')
  const activity = await made('committee', '/activity', { title: '清洁日', home: (await api('committee', 'GET', '/session')).body.memberships[0].home, kind: 'environment', starts: Date.now() - 7200e3, ends: Date.now() + 7200e3, place: '小广场', needs: { 1: 5 } })
  const record = await made('vera', '/service_record', { volunteer: vera.id, source: activity.id, role: '1', date: '2026-11-01', minutes: 120, content: '清扫楼道' })
  ok('nobody else logs her service', (await api('olga', 'POST', '/service_record', { volunteer: vera.id, source: activity.id, role: '1', date: '2026-11-01', minutes: 1, content: 'x' })).status >= 400)
  ok('nor does she confirm it herself', (await api('vera', 'POST', '/service_check', { record: record.id, kind: 'receiver', decision: 'confirm' })).status >= 400)
  const want = { volunteer: vera.id, from: '2026-01-01', until: '2026-12-31' }
  ok('before it is confirmed there is no certificate', (await api('vera', 'POST', '/service_certificate', want)).status >= 400)
  const checks = await Promise.all(['organiser', 'statistician'].map(kind => api('committee', 'POST', '/service_check', { record: record.id, kind, decision: 'confirm' })))
  ok('who organised it confirms', checks.some(c => c.status < 300), checks.map(c => c.text).join(' '))
  const paper = await made('vera', '/service_certificate', want)
  ok('her certificate has serial, check code and the confirmed minutes', paper.f.serial && paper.f.check_code && paper.f.minutes === 120, JSON.stringify(paper.f))

  const page = await open(360, 640)
  await login(page, base, 'vera')
  await page.goto(`${base}/service_certificate/${paper.id}`)
  ok('and prints', await shows(page, `text=${paper.f.serial}`))
  await look(page, '360 certificate')
  const street = await open(1440, 900)
  await street.goto(`${base}/fund/${fund.id}`)
  await street.waitForSelector('h1')
  ok('the fund is read without a login', await shows(street, 'text=互助基金'))
  await look(street, '1440 fund')
  run(['verify', '--dir', node])
  ok('the log verifies', true)
} catch (e) {
  ok('volunteers and the fund', false, e.stack.slice(0, 900))
}
await end()
