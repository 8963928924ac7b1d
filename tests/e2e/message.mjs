// M3: a flood warning to 12 buildings shows per building who has read it, prints the unread list with phone numbers for door
// knocking, and residents without phones are ticked off by the worker. And the desk: a question waits, a shift does not end on it.
import { end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 150
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'supervisor'])

const api = (page, method, where, body) => page.evaluate(async ([m, w, b]) => {
  const r = await fetch('/api/v1' + w, { method: m, headers: b ? { 'Content-Type': 'application/json' } : {}, body: b ? JSON.stringify(b) : undefined })
  return { status: r.status, body: await r.json().catch(() => null) }
}, [method, where, body])
async function made(page, where, body) {
  const r = await api(page, 'POST', where, body)
  if (r.status !== 201) throw new Error(`${where}: ${JSON.stringify(r.body)}`)
  return r.body.id
}

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  const buildings = []
  const people = []
  for (let b = 1; b <= 13; b++) {
    const building = await made(desk, '/building', { code: `${b}`, name: `${b}幢`, address: { road: '文一路', number: `${b}` } })
    buildings.push(building)
    for (let r = 1; r <= 2; r++) {
      const dwelling = await made(desk, '/dwelling', { building, unit: '1', room: `${r}01`, tenure: 'owner' })
      const phone = r === 1 ? `1420000${String(b).padStart(4, '0')}` : undefined
      const person = await made(desk, '/person', { name: `居民${b}之${r}`, id_type: '990', kind: 'local', birth: '1980-01-01', phone })
      await made(desk, '/residence', { person, dwelling, kind: 'actual', starts: '2020-01-01' })
      people.push({ person, building, phone })
    }
  }
  for (const [who, at] of [['anna', 0], ['bao', 2], ['far', 24]])
    run(['user', 'add', '--dir', node, '--login', who, '--role', 'resident', '--name', who, '--person', people[at].person], `linli-${who}\n`)

  const all = await made(desk, '/contact_list', { name: '全体居民', rule: { all: 'yes' } })
  ok('only the committee writes to all residents', (await api(desk, 'POST', '/thread', { kind: 'broadcast', subject: '全体', list: all })).status === 403)

  await desk.goto(`${base}/talk/many`)
  await desk.fill('label:has-text("主题") input', '防汛预警')
  await desk.waitForSelector('label:text-is("12幢") input')
  for (let b = 1; b <= 12; b++) await desk.check(`label:text-is("${b}幢") input`)
  await look(desk, '1440 write to many')
  await desk.click('button:has-text("写消息")')
  await desk.waitForSelector('h1:has-text("防汛预警")')
  const thread = desk.url().split('/').pop()
  await desk.fill('textarea', '今晚 20 时起有暴雨，请把低处物品搬走。')
  await desk.click('summary:has-text("更多")')
  await desk.check('label:has-text("紧急消息") input')
  await desk.check('label:has-text("请对方确认收到") input')
  await desk.click('button:text-is("发送")')
  ok('the warning goes out', await shows(desk, '.msg-mine:has-text("暴雨")'))
  await look(desk, '1440 conversation')
  const message = (await api(desk, 'GET', `/talk/${thread}`)).body.items[0].id

  const anna = await open(360, 640)
  await login(anna, base, 'anna')
  ok('who lives there finds it unread', (await api(anna, 'GET', '/talk')).body.items.some(i => i.id === thread && i.unread === 1 && i.urgent))
  await anna.goto(`${base}/talk`)
  await anna.waitForSelector('a:has-text("防汛预警")')
  await look(anna, '360 conversations')
  await anna.click('a:has-text("防汛预警")')
  await anna.waitForSelector('text=今晚 20 时起有暴雨')
  await look(anna, '360 conversation')
  await anna.click('button:has-text("确认收到")')
  ok('and confirms it', await shows(anna, '.chip:has-text("已确认")'))
  ok('nobody answers a broadcast', (await api(anna, 'POST', '/message', { thread, body: '知道了' })).status === 403)
  ok('nor confirms for a neighbour', (await api(anna, 'POST', '/confirmation', { message, who: people[5].person })).status === 403)
  ok('who has read it is for staff', (await api(anna, 'GET', `/talk/${thread}/reading?message=${message}`)).status === 403)

  const far = await open(360, 640)
  await login(far, base, 'far')
  ok('who lives in building 13 does not get it', (await api(far, 'GET', '/talk')).body.items.length === 0 &&
    (await api(far, 'GET', `/talk/${thread}`)).status === 404 && (await api(far, 'GET', `/message/${message}`)).status === 404)

  const bao = await open(360, 640)
  await login(bao, base, 'bao')
  await bao.goto(`${base}/talk/${thread}`)
  await bao.waitForSelector('text=今晚 20 时起有暴雨')

  const sums = async () => (await api(desk, 'GET', `/talk/${thread}/reading?message=${message}`)).body
  for (let i = 0; i < 50 && (await sums()).read < 2; i++) await desk.waitForTimeout(100)
  let now = await sums()
  ok('12 buildings, each with its own sums', now.buildings.length === 12 && now.asked === 24 && now.read === 2 && now.confirmed === 1 &&
    now.buildings.find(b => b.name === '1幢').confirmed === 1 && now.buildings.find(b => b.name === '2幢').read === 1 && now.buildings.find(b => b.name === '3幢').read === 0,
    JSON.stringify(now).slice(0, 400))
  ok('without a purpose there are no telephone numbers', now.left.every(x => x.phone === undefined) &&
    (await api(desk, 'POST', `/talk/${thread}/doors`, { message })).status === 422)

  await desk.goto(`${base}/talk/${thread}/reading/${message}`)
  await desk.waitForSelector('h2:has-text("还没有确认的人"), h2:has-text("还没有看到的人")')
  await look(desk, '1440 who has read it')
  await desk.evaluate(() => { window.printed = 0; window.print = () => { window.printed++ } })
  await desk.click('button:has-text("打印敲门名单")')
  await desk.waitForFunction(() => window.printed === 1)
  ok('the door-knock list is printed with telephone numbers', await shows(desk, `td:has-text("${people[4].phone}")`) &&
    await desk.locator('tbody tr:has-text("居民")').count() === 23)
  await desk.emulateMedia({ media: 'print' })
  ok('on paper it has no buttons', !(await desk.isVisible('button:has-text("上门告知")')) && await desk.isVisible('td:has-text("☐")'))
  await desk.emulateMedia({ media: 'screen' })
  const seer = await open(1440, 900)
  await login(seer, base, 'supervisor')
  ok('who took the list, and what for, is on record', (await api(seer, 'GET', '/audit')).body.items.some(a => a.f.object === message && a.f.purpose === 'emergency'))

  await desk.click('button[aria-label="上门告知 居民7之2"]')
  ok('who has no telephone is ticked off at the door', await desk.waitForSelector('button[aria-label="上门告知 居民7之2"]', { state: 'detached' }).then(() => true, () => false))
  now = await sums()
  ok('and counts as confirmed', now.confirmed === 2 && now.buildings.find(b => b.name === '7幢').confirmed === 1)
  for (let i = 0; i < 400 && (await api(desk, 'GET', `/reading?message=${message}&limit=50`)).body.items.length < 12; i++) await desk.waitForTimeout(200) // written once a minute
  ok('sums per building are records', (await api(desk, 'GET', `/reading?message=${message}&limit=50`)).body.items.length === 12, JSON.stringify((await api(desk, 'GET', `/reading?message=${message}&limit=50`)).body.items.map(r => r.f)).slice(0, 400))

  // person to person: anybody may write, and be blocked; an office may not
  const baoAccount = (await api(bao, 'GET', '/session')).body.account.id
  const annaAccount = (await api(anna, 'GET', '/session')).body.account.id
  const direct = await made(anna, '/thread', { kind: 'direct', members: [baoAccount] })
  await made(anna, '/message', { thread: direct, body: '借一下梯子' })
  ok('a neighbour reads it', (await api(bao, 'GET', `/talk/${direct}`)).body.items[0].body === '借一下梯子')
  ok('a third does not', (await api(far, 'GET', `/talk/${direct}`)).status === 404 && (await api(desk, 'GET', `/talk/${direct}`)).status === 404)
  await made(bao, '/quiet', { who: annaAccount, kind: 'block' })
  ok('a person can be blocked', (await api(anna, 'POST', '/message', { thread: direct, body: '在吗' })).status === 403)
  ok('an office cannot', (await api(bao, 'POST', '/quiet', { who: (await api(desk, 'GET', '/session')).body.account.id, kind: 'block' })).status === 422)
  const said = await made(bao, '/message', { thread: direct, body: '写错了' })
  ok('others do not take back what one wrote', (await api(anna, 'POST', '/message', { thread: direct, body: 'x', recalls: said })).status === 403)
  await made(bao, '/message', { thread: direct, body: 'x', recalls: said })
  ok('the author does, and its text is gone', (await api(anna, 'GET', `/talk/${direct}`)).body.items.some(m => m.id === said && m.recalled && m.body === undefined))

  // the desk
  const home = (await api(desk, 'GET', '/session')).body.memberships[0].home
  const who = (await api(desk, 'GET', '/session')).body.account.id
  const hour = Date.now()
  const shift = await made(desk, '/duty_shift', { desk: home, date: '2026-11-25', starts: hour, ends: hour + 4 * 3600e3, who })
  const later = await made(desk, '/duty_shift', { desk: home, date: '2026-11-25', starts: hour + 4 * 3600e3, ends: hour + 8 * 3600e3, who })
  await api(desk, 'POST', `/duty_shift/${shift}/steps`, { action: 'begin' })
  await far.goto(`${base}/talk`)
  await far.click('button:has-text("问值班")')
  await far.waitForSelector('textarea')
  await far.fill('textarea', '老年卡怎么补办？')
  await far.click('button:text-is("发送")')
  await far.waitForSelector('.msg-mine:has-text("老年卡")')
  const item = (await api(desk, 'GET', '/duty_item')).body.items[0]
  ok('a question at the desk waits in the shift that runs', item.state === 'waiting' && item.f.shift === shift && item.f.asker === people[24].person)
  const ended = await api(desk, 'POST', `/duty_shift/${shift}/steps`, { action: 'end' })
  ok('a shift does not end on it without a handover', ended.status === 422 && ended.body.fields[0].field === 'handover', JSON.stringify(ended.body))
  await api(desk, 'POST', `/duty_shift/${shift}/steps`, { action: 'end', set: { handover: '老年卡一问未答' } })
  ok('with one it does, and the next shift has it', (await api(desk, 'GET', `/duty_item/${item.id}`)).body.f.shift === later)
  await desk.goto(`${base}/talk`)
  await desk.click('a:has-text("老年卡")')
  await desk.fill('textarea', '带身份证到窗口，当场补。')
  await desk.click('button:text-is("发送")')
  await desk.waitForSelector('.msg-mine:has-text("当场补")')
  const answered = (await api(desk, 'GET', `/duty_item/${item.id}`)).body
  ok('the answer in the conversation answers it, and the time is kept', answered.state === 'answered' && answered.f.first_reply > hour)
  ok('and the asker reads it', await shows(far, 'text=当场补'))

  // circulars
  const clerkHome = home
  const circular = await made(seer, '/circular', { title: '防汛值守通知', receivers: [clerkHome] }).catch(() => null)
  ok('a supervisor issues no circulars', circular === null)
  const boss = await open(1440, 900)
  await login(boss, base, 'committee')
  await boss.goto(`${base}/circular/new`)
  await boss.fill('#f-title', '防汛值守通知')
  await boss.click('#f-receivers')
  await boss.click('[role=option] button >> nth=0')
  await boss.waitForSelector('[aria-label^="收件单位"] li button')
  await look(boss, '1440 circular form')
  await boss.click('button:has-text("只存草稿")')
  await boss.waitForURL(u => /\/circular\/[0-9a-v]{20}/.test(u.pathname))
  const paper = new URL(boss.url()).pathname.split('/').pop()
  ok('its receivers are chosen by name', (await api(boss, 'GET', `/circular/${paper}`)).body.f.receivers[0] === clerkHome)
  ok('nobody signs before it is issued', (await api(desk, 'POST', '/circular_sign', { circular: paper, by_home: clerkHome })).status === 422)
  await api(boss, 'POST', `/circular/${paper}/steps`, { action: 'issue' })
  ok('one signs for one’s own home', (await api(desk, 'POST', '/circular_sign', { circular: paper, by_home: clerkHome })).status === 201)
  ok('a resident does not see it', (await api(far, 'GET', `/circular/${paper}`)).status === 404)
} catch (e) {
  ok('conversations', false, e.stack.slice(0, 700))
}
await end()
