// M8: a phone at a QR label shows the asset and records a stocktake with the uplink down. And contracts, decisions above a limit,
// rooms that are never lent twice.
import { end, login, look, ok, open, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 180
const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
const { base } = await startNode('翠苑一区社区', port + 1, '330106005055', 'community', ['worker', 'committee', 'supervisor', 'resident', 'centre'], district)

const api = (page, method, where, body) => page.evaluate(async ([m, w, b]) => {
  const r = await fetch('/api/v1' + w, { method: m, headers: b ? { 'Content-Type': 'application/json' } : {}, body: b ? JSON.stringify(b) : undefined })
  return { status: r.status, body: await r.json().catch(() => null) }
}, [method, where, body])
async function made(page, where, body) {
  const r = await api(page, 'POST', where, body)
  if (r.status !== 201) throw new Error(`${where}: ${JSON.stringify(r.body)}`)
  return r.body.id
}
const step = (page, where, action, more = {}) => api(page, 'POST', `${where}/steps`, { action, ...more })
const day = n => new Date(Date.now() + 8 * 3600e3 + n * 864e5).toISOString().slice(0, 10)

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  const boss = await open(1440, 900)
  await login(boss, base, 'committee')
  const seer = await open(1440, 900)
  await login(seer, base, 'supervisor')
  const hall = await made(boss, '/premises', { name: '三楼活动室', kind: 'activity', bookable: true }).catch(async () => made(boss, '/premises', { name: '三楼活动室', kind: 'other', bookable: true }))
  const projector = await made(desk, '/asset', { name: '投影仪', class: '2', quantity: 1, price: 680000, place: hall, bought: '2024-03-01' })
  const chairs = await made(desk, '/asset', { name: '折叠椅', class: '5', quantity: 60, unit: '把', price: 360000, place: hall })
  const no = (await api(desk, 'GET', `/asset/${projector}`)).body.f.no
  ok('an asset has a number at once, and its coming is on record', /^A330106005055-\d{6}-A\d+$/.test(no) &&
    (await api(desk, 'GET', `/asset_event?asset=${projector}`)).body.items[0].f.kind === 'in')

  await desk.goto(`${base}/labels`)
  await desk.waitForSelector('.labels li >> nth=1')
  await look(desk, '1440 labels')
  const code = await desk.locator('.labels li:has-text("投影仪") img').getAttribute('src')
  const target = decodeURIComponent(code.split('text=')[1])
  ok('a label holds a plain address of the asset', target === `${base}/asset/${projector}`)
  ok('and its code is drawn by the node', (await desk.evaluate(async c => (await fetch(c)).headers.get('content-type'), code)).startsWith('image/'))
  await desk.goto(`${base}/stock`)
  await desk.fill('form input', '三楼')
  await desk.click('button:has-text("开始盘点")')
  await desk.waitForSelector('h1:has-text("三楼")')
  const take = desk.url().split('/').pop()
  await look(desk, '1440 stocktake')

  district.child.kill('SIGTERM')
  await new Promise(done => district.child.on('exit', done))
  const phone = await open(360, 640)
  await phone.goto(target) // what the phone's camera opens
  await phone.fill('input[autocomplete=username]', 'worker')
  await phone.fill('input[type=password]', 'linli-worker')
  await phone.keyboard.press('Enter')
  ok('the label leads through the login to the asset', await shows(phone, 'h1:has-text("投影仪")'))
  await phone.waitForSelector('[aria-label="盘点"] button:has-text("在位")')
  await look(phone, '360 asset from its label')
  await phone.click('[aria-label="盘点"] button:has-text("在位")')
  ok('one tap notes it, with the uplink down', await shows(phone, 'text=已记入：在位'))
  ok('the link is down', ['offline', 'pending'].includes((await api(phone, 'GET', '/status')).body.sync.state))
  await phone.goto(`${base}/stock/${take}`)
  ok('the stocktake has it', await shows(phone, 'text=已点 1 / 2'))
  await look(phone, '360 stocktake')
  await phone.click('li:has-text("折叠椅") button:has-text("未找到")')
  await phone.waitForSelector('text=已点 2 / 2')
  await step(desk, `/stocktake/${take}`, 'count')
  ok('who counted does not witness', (await step(desk, `/stocktake/${take}`, 'witness')).status === 403)
  await step(boss, `/stocktake/${take}`, 'witness')
  const closed = (await api(desk, 'GET', `/stocktake/${take}`)).body
  ok('another signs, the sums stand', closed.state === 'closed' && closed.f.asked === 2 && closed.f.found === 1 && closed.f.missing === 1 && closed.f.witness)
  ok('what was not found is lost, on record', (await api(desk, 'GET', `/asset_event?asset=${chairs}`)).body.items.some(e => e.f.kind === 'loss'))
  ok('a closed stocktake takes nothing more', (await api(desk, 'POST', '/stocktake_row', { stocktake: take, asset: projector, found: 'yes' })).status === 422)

  // disposal above the limit: the supervisor's look, and a decision
  await step(desk, `/asset/${projector}`, 'ask', { note: '灯泡已坏，无法修' })
  ok('above the limit nobody approves before the supervisor saw it', (await step(boss, `/asset/${projector}`, 'approve')).status === 409)
  await step(seer, `/asset/${projector}`, 'look')
  ok('nor without a decision', (await step(boss, `/asset/${projector}`, 'approve')).status === 422)
  const meeting = await made(boss, '/meeting', { title: '资产处置', starts: Date.now() - 3600e3 })
  ok('nor with a meeting that was not held', (await step(boss, `/asset/${projector}`, 'approve', { set: { decision: meeting } })).status === 422)
  await step(boss, `/meeting/${meeting}`, 'hold', { set: { minutes: '同意处置投影仪' } })
  ok('with both it is', (await step(boss, `/asset/${projector}`, 'approve', { set: { decision: meeting } })).body.state === 'approved')
  await step(desk, `/asset/${projector}`, 'dispose', { note: '交回收' })
  ok('and its disposal is an event', (await api(desk, 'GET', `/asset_event?asset=${projector}`)).body.items.some(e => e.f.kind === 'dispose'))
  await step(desk, `/asset/${chairs}`, 'ask', { note: '旧' })
  ok('below the limit the committee alone decides', (await step(boss, `/asset/${chairs}`, 'approve')).body.state === 'approved')

  // contracts
  const small = { title: '保洁服务', kind: 'service', party_a: '居委会', party_b: '清洁公司', amount: 500000, starts: day(-300), ends: day(30), open: true }
  const contract = await made(desk, '/contract', small)
  for (const [who, action] of [[boss, 'check'], [desk, 'sign'], [desk, 'start']]) await step(who, `/contract/${contract}`, action)
  for (let i = 0; i < 80 && (await api(desk, 'GET', `/contract/${contract}`)).body.state !== 'expiring'; i++) await desk.waitForTimeout(100)
  ok('60 days before its end a contract reminds by itself', (await api(desk, 'GET', `/contract/${contract}`)).body.state === 'expiring')
  ok('and says which of its reminders that was', (await api(desk, 'GET', `/contract/${contract}`)).body.f.reminded === 30)
  await step(boss, `/contract/${contract}`, 'publish', { set: { open: true } })
  ok('to open it to all does not take the reminder back', (await api(desk, 'GET', `/contract/${contract}`)).body.state === 'expiring')
  await boss.goto(base)
  ok('on the committee’s first screen', await shows(boss, 'section:has(h2:has-text("合同即将到期")) a:has-text("保洁服务")'))
  const guest = await open(360, 640)
  await guest.goto(base)
  ok('an open one is for everybody', (await api(guest, 'GET', `/contract/${contract}`)).body.f.party_b === '清洁公司')
  const quiet = await made(desk, '/contract', { ...small, title: '不公开', open: false, ends: day(200) })
  for (const [who, action] of [[boss, 'check'], [desk, 'sign'], [desk, 'start']]) await step(who, `/contract/${quiet}`, action)
  ok('another is not', (await api(guest, 'GET', `/contract/${quiet}`)).status === 404 && !(await api(guest, 'GET', '/contract')).body.items.some(c => c.id === quiet))
  const large = await made(desk, '/contract', { ...small, title: '电梯改造', amount: 5000000, ends: day(300) })
  ok('a large one needs the supervisor and a decision', (await step(boss, `/contract/${large}`, 'check', { set: { decision: meeting } })).status === 409)
  await step(seer, `/contract/${large}`, 'look')
  ok('and has them', (await step(boss, `/contract/${large}`, 'check', { set: { decision: meeting } })).body.state === 'checked')
  await made(desk, '/contract_payment', { contract, kind: 'due', direction: 'out', date: day(-10), amount: 200000 })
  await made(desk, '/contract_payment', { contract, kind: 'due', direction: 'out', date: day(20), amount: 100000 })
  ok('what was due and is not paid is overdue', (await api(desk, 'GET', `/contract/${contract}`)).body.f.overdue === true)
  await made(desk, '/contract_payment', { contract, kind: 'paid', direction: 'out', date: day(0), amount: 200000 })
  const paid = (await api(desk, 'GET', `/contract/${contract}`)).body.f
  ok('paid, the next one waits', paid.overdue === false && paid.next_due === day(20))
  await made(boss, '/asset_summary', { year: 2026 })
  const summary = (await api(guest, 'GET', '/asset_summary')).body.items[0].f
  ok('the yearly summary is for everybody, and adds up', summary.total === 360000 && summary.number === 60 && summary.rows[0].class === '5' && summary.contracts >= 1, JSON.stringify(summary))

  // rooms
  const resident = await open(360, 640)
  await login(resident, base, 'resident')
  const at = Date.now() + 864e5
  const first = await made(resident, '/booking', { premises: hall, starts: at, ends: at + 7200e3, purpose: '邻里茶话会' })
  const second = await made(desk, '/booking', { premises: hall, starts: at + 3600e3, ends: at + 10800e3, purpose: '排练' })
  ok('a resident does not confirm a room', (await step(resident, `/booking/${first}`, 'confirm')).status === 403)
  await step(desk, `/booking/${first}`, 'confirm')
  ok('a room is not lent twice', (await step(boss, `/booking/${second}`, 'confirm')).status === 409)
  const third = await api(desk, 'POST', '/booking', { premises: hall, starts: at, ends: at + 3600e3, purpose: '晚到' })
  ok('and says so when asked', third.status === 409 && third.body.zh.includes('已经借出'))
  await step(resident, `/booking/${first}`, 'cancel')
  ok('given back, it is free', (await step(boss, `/booking/${second}`, 'confirm')).body.state === 'confirmed')
} catch (e) {
  ok('assets', false, e.stack.slice(0, 700))
}
await end()
