// M12: a district page shows for each community the five functions, last contact, overdue work and figures that each community
// can recompute. Bills are paid after an evaluation; feedback goes up and comes back with a version.
import fs from 'node:fs'
import { dir, end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 130
const quick = dir => fs.writeFileSync(`${dir}/config`, fs.readFileSync(`${dir}/config`, 'utf8').replace(/^stats_every_s = .*/m, 'stats_every_s = 5').replace(/^sync_every_s = .*/m, 'sync_every_s = 2'))
const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk', 'supervisor'])
const a = await startNode('翠苑一区社区', port + 1, '330106005055', 'community', ['worker', 'committee', 'admin', 'operator', 'resident'], district, { prepare: quick })
const b = await startNode('翠苑二区社区', port + 2, '330106005056', 'community', ['worker', 'committee'], district, { prepare: quick })

const cookies = {}
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
async function api(node, who, method, where, body) {
  const key = node.base + who
  if (!cookies[key]) {
    const r = await again(`${node.base}/api/v1/session`, { method: 'POST', headers: { Origin: node.base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
    cookies[key] = r.headers.get('set-cookie').split(';')[0]
  }
  const r = await again(`${node.base}/api/v1${where}`, { method, headers: { Origin: node.base, 'Content-Type': 'application/json', cookie: cookies[key] }, body: body && JSON.stringify(body) })
  return { status: r.status, body: await r.json().catch(() => null) }
}
async function made(node, who, where, body) {
  const r = await api(node, who, 'POST', where, body)
  if (r.status >= 300) throw new Error(`${who} ${where}: ${r.status} ${JSON.stringify(r.body)}`)
  return r.body
}
const step = (node, who, coll, id, action, more = {}) => made(node, who, `/${coll}/${id}/steps`, { action, ...more })
async function until(what, seconds = 40) {
  for (let i = 0; i < seconds * 5; i++) {
    if (await what().catch(() => false)) return true
    await new Promise(done => setTimeout(done, 200))
  }
  return false
}

try {
  // what two communities did
  const home = async node => (await api(node, 'committee', 'GET', '/membership?limit=1')).body.items[0].f.home
  const category = await made(a, 'committee', '/category', { code: 'lamp', name: '路灯', handler: await home(a), tier: 'community', accept_hours: 8, done_hours: 24 })
  for (const [i, name] of ['张一', '张二', '张三'].entries())
    await made(a, 'worker', '/person', { name, id_type: '990', id_no: `A${i}`, kind: 'local', sex: String(1 + i % 2), birth: `198${i}-01-01`, _keep: { id_no: '样例' } })
  const building = await made(a, 'committee', '/building', { code: 'B7', name: '7幢', address: { road: '文一路', number: '7' } })
  for (const room of ['101', '102']) { // one of two households was visited
    const home = await made(a, 'worker', '/dwelling', { building: building.id, room, tenure: 'owner' })
    await made(a, 'worker', '/household', { no: room, dwelling: home.id })
    if (room === '101') await made(a, 'worker', '/work_log', { kind: 'visit', dwelling: home.id, body: '都好' })
  }
  await made(b, 'worker', '/person', { name: '李一', id_type: '990', id_no: 'B0', kind: 'local', birth: '1990-01-01', _keep: { id_no: '样例' } })
  const tickets = []
  for (const title of ['一号灯不亮', '二号灯不亮']) tickets.push(await made(a, 'worker', '/ticket', { kind: 'event', category: category.id, title, body: title }))
  await step(a, 'worker', 'ticket', tickets[0].id, 'accept')
  // one of last month, as a spreadsheet brings it: its term is over
  fs.writeFileSync(`${dir}/old.jsonl`, `{"f":{"body":"三号灯不亮","category":"${category.id}","due":1764331200000,"kind":"event","title":"三号灯不亮"},"i":"06dcabq294001jl11pe0","o":"add","t":"ticket@1"}\n`)
  run(['load', '--dir', a.dir, '--collection', 'ticket', `${dir}/old.jsonl`])
  const news = await made(a, 'committee', '/news', { title: '便民日', body: '周六上午', section: 'community', level: 'community' })
  await step(a, 'committee', 'news', news.id, 'publish')

  const cells = async (node, who, code, region) => {
    const r = (await api(node, who, 'GET', `/stats/${code}`)).body.regions.find(x => x.region === region)
    return r && JSON.stringify(r.cells.map(c => JSON.stringify(c)).sort())
  }
  const same = async code => {
    const live = await cells(a, 'committee', code, '330106005055')
    return await cells(district, 'clerk', code, '330106005055') === live ? live : false
  }
  ok('the district has the figures that the community counts itself', await until(async () => (await same('persons_by_kind')) && (await same('tickets_by_state')) &&
    (await same('households_visited')) && (await cells(district, 'clerk', 'persons_by_kind', '330106005056'))), JSON.stringify([await cells(a, 'committee', 'persons_by_kind', '330106005055'), await cells(district, 'clerk', 'persons_by_kind', '330106005055')]))
  const listed = async () => (await api(district, 'clerk', 'GET', '/nodes')).body.items.find(x => x.region === '330106005055')
  ok('and what waits for a decision there, queue by queue', await until(async () => JSON.stringify(Object.keys((await listed()).queues ?? {}).sort()) === '["conflicts","duplicates","not_taken","refused","stale","void"]'), JSON.stringify(await listed()))
  ok('its table of communities shows what is open and overdue there', await until(async () => (await listed()).open === 3 && (await listed()).overdue === 1), JSON.stringify(await listed()))
  ok('region by region', (await api(district, 'clerk', 'GET', '/stats/persons_by_kind')).body.regions.length === 2)
  ok('an unknown statistic is a 404', (await api(district, 'clerk', 'GET', '/stats/nonsense')).status === 404)
  ok('a resident reads none', (await api(a, 'resident', 'GET', '/stats/persons_by_kind')).status === 403)

  const page = await open(1440, 900)
  await login(page, district.base, 'clerk')
  await page.goto(`${district.base}/gov`)
  const row = '//tr[.//a[contains(.,"翠苑一区社区")]]'
  ok('the district page shows the five functions of each community', await shows(page, `xpath=${row}/td[contains(.,"3 人")]`) && await shows(page, 'tr:has-text("翠苑二区社区")'))
  const told = await page.locator(`xpath=${row}`).innerText()
  ok('published, letters with those open, registry, households visited, contact', /2/.test(told) && told.includes('在办') && told.includes('50 %') && /\d{4}-\d\d-\d\d/.test(told), told)
  await look(page, '1440 five functions')
  const phone = await open(360, 640)
  await login(phone, district.base, 'clerk')
  await phone.goto(`${district.base}/gov`)
  await phone.waitForSelector('tr:has-text("翠苑一区社区")')
  await look(phone, '360 five functions')

  // bills
  const payer = await home(a)
  const purchase = await made(a, 'committee', '/purchase', { payer, operator: payer, regions: ['330106005055'], plan: 'month', price: 50000, starts: '2026-01-01' })
  const bill = await made(a, 'operator', '/bill', { purchase: purchase.id, period: '2026-10', lines: [{ what: '平台使用', quantity: 1, price: 50000 }, { what: '短信', quantity: 120, price: 5 }] })
  ok('a bill adds up by itself', bill.f.amount === 50600, JSON.stringify(bill.f))
  ok('and there is one for a period', (await api(a, 'operator', 'POST', '/bill', { purchase: purchase.id, period: '2026-10', lines: [{ what: 'x', quantity: 1, price: 1 }] })).status === 409)
  ok('a period is a month or a year', (await api(a, 'operator', 'POST', '/bill', { purchase: purchase.id, period: '2026-13', lines: [{ what: 'x', quantity: 1, price: 1 }] })).status === 422)
  await step(a, 'operator', 'bill', bill.id, 'send')
  ok('what was sent is not changed', (await api(a, 'operator', 'PATCH', `/bill/${bill.id}`, { lines: [{ what: 'x', quantity: 1, price: 1 }] })).status === 409)
  await step(a, 'committee', 'bill', bill.id, 'check')
  ok('the bill reaches the district checked', await until(async () => (await api(district, 'clerk', 'GET', `/bill/${bill.id}`)).body.state === 'checked'))
  await step(district, 'clerk', 'bill', bill.id, 'approve')
  ok('before an evaluation nobody pays', (await api(district, 'clerk', 'POST', `/bill/${bill.id}/steps`, { action: 'pay' })).status === 409)
  await made(a, 'committee', '/evaluation', { purchase: purchase.id, period: '2026-10', availability: 99, data_age: 95, satisfaction: 90, closed_faults: 80 })
  ok('after it the district pays, and the community sees it', await until(async () => (await api(district, 'clerk', 'POST', `/bill/${bill.id}/steps`, { action: 'pay' })).status < 300) &&
    await until(async () => (await api(a, 'operator', 'GET', `/bill/${bill.id}`)).body.state === 'paid'))

  // links to what others run
  const there = await made(a, 'committee', '/link', { name: '浙江政务服务网', kind: 'page', url: 'https://www.zjzwfw.gov.cn', owner: (await api(a, 'committee', 'GET', '/home?limit=1')).body.items[0].id })
  await api(a, 'committee', 'PATCH', `/link/${there.id}`, { state: 'broken' })
  ok('a link works until somebody finds that it does not', there.f.state === 'working' && (await api(a, 'resident', 'GET', '/link?state=broken')).body.items.length === 1, JSON.stringify(there))

  // feedback
  const said = await made(a, 'resident', '/feedback', { module: 'ticket', kind: 'wish', text: '希望能看到地图' })
  ok('feedback reaches the district', await until(async () => (await api(district, 'clerk', 'GET', `/feedback/${said.id}`)).status === 200))
  await step(district, 'clerk', 'feedback', said.id, 'plan', { set: { answer: '下一版加入' } })
  ok('and its author reads the answer', await until(async () => { const r = (await api(a, 'resident', 'GET', `/feedback/${said.id}`)).body; return r.state === 'planned' && r.f.answer === '下一版加入' }))
  const released = await step(a, 'operator', 'feedback', said.id, 'release', { set: { release: '0.2' } })
  ok('how long it took is known from its release', released.f.released_at >= said.created_at && (await api(a, 'committee', 'GET', '/stats')).body.items.some(s => s.code === 'feedback_hours' && s.cells.length > 0), JSON.stringify(released))

  ok('the logs verify', [district, a].every(n => { run(['verify', '--dir', n.dir]); return true }))
} catch (e) {
  ok('the government interface', false, e.stack.slice(0, 900))
}
await end()
