// M10: the desk worker takes a phone call, files a demand for the caller, reads out three quotes with price and score, and
// calls back next day. Orders, reviews and the score with them.
import { spawnSync } from 'node:child_process'
import { end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 120
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'admin', 'centre'])
const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)
const cookies = {}
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
async function api(who, method, where, body) {
  if (who && !cookies[who]) {
    const r = await again(`${base}/api/v1/session`, { method: 'POST', headers: { Origin: base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
    cookies[who] = r.headers.get('set-cookie').split(';')[0]
  }
  const r = await again(`${base}/api/v1${where}`, { method, headers: { Origin: base, 'Content-Type': 'application/json', cookie: cookies[who] ?? '' }, body: body && JSON.stringify(body) })
  return { status: r.status, body: await r.json().catch(() => null) }
}
async function made(who, where, body) {
  const r = await api(who, 'POST', where, body)
  if (r.status >= 300) throw new Error(`${who} ${where}: ${r.status} ${JSON.stringify(r.body)}`)
  return r.body
}
const step = (who, coll, id, action, more = {}) => made(who, `/${coll}/${id}/steps`, { action, ...more })
const refused = async (who, where, body) => (await api(who, 'POST', where, body)).status >= 400

try {
  const person = await made('worker', '/person', { name: '来电人', id_type: '990', id_no: 'P1950', kind: 'local', birth: '1950-01-01', _keep: { id_no: '样例' } })
  run(['user', 'add', '--dir', node, '--login', 'caller', '--role', 'resident', '--name', '来电人', '--person', person.id], 'linli-caller\n')
  const handler = (await api('committee', 'GET', '/membership?limit=1')).body.items[0].f.home
  await made('committee', '/category', { code: 'shop', name: '商家投诉', handler, tier: 'community', accept_hours: 8, done_hours: 72, keywords: ['商家'] })
  const shops = []
  for (const [i, name] of ['小李家电', '老王维修', '翠苑电器'].entries()) {
    const who = `shop${i}`
    const home = await made('committee', '/home', { kind: 'merchant', name })
    await step('committee', 'home', home.id, 'approve')
    run(['user', 'add', '--dir', node, '--login', who, '--role', 'merchant'], `linli-${who}\n`)
    const account = (await api(who, 'GET', '/session')).body.account.id
    const seat = await made('committee', '/membership', { account, home: home.id, role: 'merchant', starts: today })
    await step('admin', 'membership', seat.id, 'grant')
    delete cookies[who] // signs in anew, with the role
    const shop = await made(who, '/shop', { home: home.id, name, category: 'appliance', licence_no: `9133${i}`, phone: `057188000${i}00` })
    await made(who, '/offer', { shop: shop.id, name: '空调加氟', unit: '次', price: 18000 + i * 1000 }).catch(e => { throw e })
    await step('worker', 'shop', shop.id, 'check', { set: { licence_until: '2030-12-31' } })
    await step('committee', 'shop', shop.id, 'list')
    shops.push({ who, id: shop.id, home: home.id })
  }
  ok('a merchant registers no shop for another', await refused('shop0', '/shop', { home: shops[1].home, name: '冒名', category: 'other', licence_no: '1', phone: '057188000900' }))
  ok('nor puts a price into another shop', await refused('shop0', '/offer', { shop: shops[1].id, name: '假价', unit: '次', price: 1 }))
  ok('guests find the shops that are listed', (await api(null, 'GET', '/shop')).body.items.length === 3)

  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  await desk.goto(`${base}/demand/new`)
  await desk.waitForSelector('#f-category')
  await desk.selectOption('#f-category', 'appliance')
  await desk.fill('#f-body', '客厅空调不制冷')
  await desk.fill('#f-wanted', '明天上午')
  await desk.fill('#f-phone', '13800000000')
  for (let i = 0; i < 50 && (await api('worker', 'GET', '/person?q=' + encodeURIComponent('来电人'))).body.items.length === 0; i++) await desk.waitForTimeout(100)
  await desk.fill('#f-person', '来电人')
  await desk.click('[role=option] button:has-text("来电人")')
  await look(desk, '1440 demand form')
  await desk.click('button:has-text("保存")')
  await desk.waitForSelector('.chip:has-text("待报价")')
  const demand = desk.url().split('/').pop()
  ok('the worker files the call as a demand with a number', /^N330106005055-/.test((await api('worker', 'GET', `/demand/${demand}`)).body.f.no))

  const open0 = (await api('shop0', 'GET', '/demand')).body.items
  ok('shops see it, with the number masked', open0.length === 1 && open0[0].f.phone.includes('*'), JSON.stringify(open0))
  ok('and may not read it', await refused('shop0', `/demand/${demand}/unmask`, { fields: ['phone'], purpose: 'service' }))
  for (const [i, s] of shops.entries()) await made(s.who, '/quote', { demand, shop: s.id, price: 20000 - i * 2000, wanted: '明天 9 点' })
  ok('a shop quotes for itself alone', await refused('shop0', '/quote', { demand, shop: shops[1].id, price: 1 }))
  const quotes = (await api('worker', 'GET', `/quote?demand=${demand}`)).body.items
  ok('three quotes stand there with price and score', quotes.length === 3 && quotes.every(q => q.f.price > 0 && q.f.score === '3.5'))
  ok('shops do not see each other\'s', (await api('shop0', 'GET', '/quote')).body.items.length === 1)
  await desk.goto(`${base}/demand/${demand}`)
  await desk.waitForSelector('.chip:has-text("已有报价")')
  await look(desk, '1440 demand with quotes')

  const cheapest = quotes.find(q => q.f.price === 16000)
  ok('a quote for another demand cannot be chosen', await refused('worker', `/demand/${demand}/steps`, { action: 'match', set: { quote: demand } }))
  const matched = await step('worker', 'demand', demand, 'match', { set: { quote: cheapest.id } })
  const order = matched.f.order ?? (await api('worker', 'GET', `/demand/${demand}`)).body.f.order
  const placed = (await api('shop2', 'GET', `/shop_order/${order}`)).body
  ok('the chosen quote is an order at its price', placed.f.price === 16000 && placed.state === 'placed', JSON.stringify(placed.f))
  ok('the phone is for the chosen shop, on record', (await made('shop2', `/shop_order/${order}/unmask`, { fields: ['phone'], purpose: 'service' })).fields.phone === '13800000000')
  ok('no other shop sees the order', (await api('shop1', 'GET', `/shop_order/${order}`)).status === 404)

  await step('shop2', 'shop_order', order, 'accept')
  await step('shop2', 'shop_order', order, 'done')
  ok('before it is confirmed nobody reviews', await refused('caller', `/shop_order/${order}/steps`, { action: 'review', add: { stars: 5 } }))
  await step('worker', 'demand', demand, 'done')
  const due = (await api('worker', 'GET', `/demand/${demand}`)).body.f.call_at
  ok('the desk is to call back next morning', new Date(due + 8 * 3600e3).toISOString().slice(11, 16) === '09:00' && due > Date.now())
  await step('worker', 'demand', demand, 'call_back', { note: '已修好，满意', set: { happy: true } })
  await step('worker', 'demand', demand, 'close')
  ok('the demand is closed', (await api('worker', 'GET', `/demand/${demand}`)).body.state === 'closed')

  await step('caller', 'shop_order', order, 'confirm')
  const mine = (await api('caller', 'GET', '/screen')).body.blocks.flatMap(b => b.items ?? []).find(i => i.id === order)
  ok('once confirmed it asks for a review and is never late', mine?.next_action === 'review' && !mine.late, JSON.stringify(mine))
  await step('caller', 'shop_order', order, 'review', { add: { stars: 5, price_kept: true, on_time: true, text: '很快' } })
  const score = async () => (await api(null, 'GET', `/shop/${shops[2].id}`)).body.f
  ok('one review of five stars moves the score as the prior says', (await score()).score === '3.8' && (await score()).stars_n === 1, JSON.stringify(await score()))
  ok('an order is reviewed once', await refused('caller', '/shop_review', { shop_order: order, stars: 1 }))
  ok('nobody else reviews it', await refused('shop2', '/shop_review', { shop_order: order, stars: 5, kind: 'amend' }))
  await made('caller', '/shop_review', { shop_order: order, kind: 'amend', stars: 2, text: '又坏了' })
  ok('amended, it counts with its last stars', (await score()).score === '3.3' && (await score()).stars_n === 1, JSON.stringify(await score()))
  await made('shop2', '/shop_review', { shop_order: order, kind: 'reply', text: '免费返修' })
  ok('the shop replies once', await refused('shop2', '/shop_review', { shop_order: order, kind: 'reply', text: '再说一句' }))
  const review = (await api(null, 'GET', '/shop_review?kind=review')).body.items[0]
  await made('committee', '/review_hiding', { review: review.id, rule: '第三条', reason: '含个人信息' })
  const hidden = (await api(null, 'GET', `/shop_review/${review.id}`)).body.f
  ok('hidden, it shows the rule and counts no more', hidden.text.includes('第三条') && hidden.stars === undefined && (await score()).stars_n === 0)

  const second = await made('caller', '/shop_order', { shop: shops[0].id, person: person.id, offer: (await api(null, 'GET', `/offer?shop=${shops[0].id}`)).body.items[0].id })
  ok('an order takes its price from the list, not from who orders', second.f.price === 18000)
  ok('nobody orders in another\'s name', await refused('caller', '/shop_order', { shop: shops[0].id, person: shops[0].home }))
  await step('shop0', 'shop_order', second.id, 'accept')
  await step('caller', 'shop_order', second.id, 'dispute', { note: '没来' })
  const complaint = (await api('caller', 'GET', `/shop_order/${second.id}`)).body.f.complaint
  ok('a dispute is a complaint with its clock', (await api('committee', 'GET', `/ticket/${complaint}`)).body.f.kind === 'complaint')

  const phone = await open(360, 640)
  await login(phone, base, 'shop0')
  await look(phone, '360 merchant first screen')
  ok('a merchant finds shop, prices and orders on the first screen', await shows(phone, 'text=小李家电') && await shows(phone, 'text=空调加氟'))
  const verified = spawnSync(process.env.LINLI ?? 'build/linli', ['verify', '--dir', node], { encoding: 'utf8' })
  ok('the log verifies', verified.status === 0, verified.stdout + verified.stderr)
} catch (e) {
  ok('the services', false, e.stack.slice(0, 900))
}
await end()
