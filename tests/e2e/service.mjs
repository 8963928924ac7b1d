// M6: progress (查询办事进程) opens with number + last 4 of the phone, without login, and shows each step, who has it, and the due date.
// Slots never double-book across nodes; a form fills itself; what is missing is said once; a paper can be verified by anybody.
import fs from 'node:fs'
import { api, client, end, login, look, must, ok, open, run, shows, startNode, until } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 110
const box = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'centre', 'admin'])
const laptop = await startNode('网格终端', port + 3, '330106005055', 'laptop', ['worker'], box, { invite: ['--grid', 'g1'] })
const base = box.base
const hour = 3600e3
const step = (page, coll, id, action, more = {}) => api(page, 'POST', `/${coll}/${id}/steps`, { action, ...more })

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'centre')
  const office = await open(1440, 900)
  await login(office, base, 'committee')
  const worker = await open(1440, 900)
  await login(worker, base, 'worker')
  const home = (await must(office, 'GET', '/membership?limit=1')).items[0].f.home
  const person = async (name, phone) => (await must(worker, 'POST', '/person', { name, id_type: '990', id_no: `P${phone}`, kind: 'local', birth: '1960-05-06', phone, _keep: { id_no: '样例' } })).id
  const granny = await person('沈阿婆', '14200001234')
  const others = [await person('周小敏', '14200005678'), await person('王大伯', '14200007777')]
  run(['user', 'add', '--dir', box.dir, '--login', 'granny', '--role', 'resident', '--person', granny], 'linli-granny\n')

  const item = await must(office, 'POST', '/service_item', { code: 'GL-01', name: '高龄津贴申领', grouping: 'elder', level: 'community', provider: home, for_whom: '八十周岁以上老人',
    basis: '浙江省老年人权益保障条例', promise_days: 5, online: 'full', materials: [{ name: '身份证', kind: 'copy', required: true, reusable: true }, { name: '银行卡', kind: 'copy', required: true }],
    form: [{ key: 'name', label: '姓名', type: 'str', required: true, bound_to: 'person.name' }, { key: 'id_no', label: '证件号码', type: 'str', required: true, bound_to: 'person.id_no' },
      { key: 'bank', label: '开户银行', type: 'choice', required: true, choices: ['工商银行', '农业银行'] }] })
  ok('a draft item is offered to nobody', (await api(worker, 'POST', '/application', { item: item.id, person: granny })).status === 422)
  await step(office, 'service_item', item.id, 'publish')
  const elsewhere = await must(office, 'POST', '/service_item', { code: 'ZM-09', name: '无犯罪记录证明', grouping: 'proof', level: 'district', provider: home, promise_days: 0, online: 'info', not_ours: true, office: '翠苑派出所户籍窗口' })
  await step(office, 'service_item', elsewhere.id, 'publish')
  const refused = await api(worker, 'POST', '/application', { item: elsewhere.id, person: granny })
  ok('what is not ours names the office instead', refused.status === 403 && refused.body.zh.includes('翠苑派出所'), JSON.stringify(refused.body))

  // a day off moves the due date
  const day = n => new Date(Date.now() + 8 * hour + n * 24 * hour).toISOString().slice(0, 10)
  const named = {} // as officially arranged, and as the law says where that is not known yet
  for (const file of fs.readdirSync('node/calendar')) {
    const year = JSON.parse(fs.readFileSync(`node/calendar/${file}`, 'utf8'))
    for (const d of year.off) named[d] = false
    for (const d of year.on) named[d] = true
  }
  const weekday = n => { if (day(n) in named) return named[day(n)]; const d = new Date(day(n) + 'T00:00:00Z').getUTCDay(); return d >= 1 && d <= 5 }
  const next = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].find(weekday)
  await must(office, 'POST', '/holiday', { date: day(next), working: false, name: '社区停电' })
  let due = ''
  for (let n = 1, left = 5; left > 0; n++) if (weekday(n) && n !== next && --left === 0) due = day(n)

  // a term that runs into a year whose days off are not known says so, until somebody enters them
  const far = await must(office, 'POST', '/service_item', { code: 'YC-01', name: '远期事项', grouping: 'proof', level: 'community', provider: home, promise_days: 250, online: 'apply' })
  await step(office, 'service_item', far.id, 'publish')
  const long = await must(worker, 'POST', '/application', { item: far.id, person: granny })
  for (const action of ['submit', 'precheck', 'accept']) await api(worker, 'POST', `/application/${long.id}/steps`, { action })
  const noted = await must(worker, 'GET', `/application/${long.id}`)
  const runs = Number(noted.f.due.slice(0, 4))
  ok('a term into a year that is not arranged warns', noted.due_note?.includes(`${runs} 年放假安排尚未公布`), JSON.stringify(noted).slice(0, 400))
  const boss = await client(base, 'admin')
  ok('an administrator is told on the first screen', (await boss('GET', '/screen?role=admin')).body.blocks.some(b => b.items?.some(i => i.collection === 'calendar_year')) || day(0).slice(5, 7) < '11')
  ok('and enters the year', (await boss('POST', '/calendar_day', { date: `${runs}-01-04`, kind: 'off', name: '元旦' })).status === 201 && (await boss('POST', '/calendar_year', { year: runs, source: '通知' })).status === 201)
  ok('then it does not', !(await must(worker, 'GET', `/application/${long.id}`)).due_note)

  // the resident's way: 办事 › item › form
  const phone = await open(360, 640)
  await login(phone, base, 'granny')
  await phone.goto(base + '/')
  await phone.click('main .tile:has-text("办事")')
  await phone.waitForSelector('h1:has-text("办事大厅")')
  await look(phone, '360 services')
  await phone.click('a:has-text("高龄津贴申领")')
  await phone.waitForSelector('h1:has-text("高龄津贴申领")')
  await look(phone, '360 one service')
  await phone.click('a:has-text("网上申请")')
  ok('the form is filled from the registry', await until(phone, () => phone.inputValue('#a-name').then(v => v === '沈阿婆')) && await phone.inputValue('#a-id_no') === 'P14200001234')
  await phone.click('button:has-text("提交申请")')
  ok('what is missing stands in words', await shows(phone, '.error:has-text("开户银行 必填")'))
  await look(phone, '360 application form')
  await phone.fill('#a-id_no', '330106194605060021')
  await phone.selectOption('#a-bank', '农业银行')
  await phone.click('button:has-text("提交申请")')
  await phone.waitForURL(/\/application\//)
  const app = phone.url().split('/').pop()
  const rec = await must(desk, 'GET', '/application/' + app)
  const no = rec.f.no
  ok('it has a number and its papers are listed', /^S330106005055-\d{6}-A\d+$/.test(no) && rec.f.materials.map(m => m.state).join() === 'missing,missing', JSON.stringify(rec.f))
  ok('what was filled in is read by the names of the form', Object.keys(rec.f.form).length > 0 && Object.keys(rec.f.form).every(k => /[\u3400-\u9fff]/.test(rec.words.form[k])), JSON.stringify(rec.words))
  const corrections = await must(worker, 'GET', '/change_request?limit=5')
  ok('a correction becomes a request to the registry, not an overwrite', corrections.items.length === 1 && corrections.items[0].f.patch.id_no === '330106194605060021')
  ok('and the registry still holds what it held', (await must(phone, 'GET', '/person/' + granny)).f.id_no === 'P14200001234')

  // returned once, with the whole list
  ok('a return names what is missing', (await step(desk, 'application', app, 'return')).status === 422)
  ok('returned with the list', (await step(desk, 'application', app, 'return', { set: { missing: [{ what: '银行卡复印件', why: '本人名下' }] } })).status === 200)
  await phone.goto(base + '/application/' + app)
  ok('the applicant reads it', await shows(phone, 'text=银行卡复印件'))
  await must(phone, 'POST', `/application/${app}/steps`, { action: 'submit' })
  ok('it is never returned a second time', (await step(desk, 'application', app, 'return', { set: { missing: [{ what: '户口簿' }] } })).status === 409)
  const papers = [{ name: '身份证', state: 'shown' }, { name: '银行卡', state: 'missing' }]
  const lacking = await step(desk, 'application', app, 'accept', { set: { materials: papers } })
  ok('nothing is accepted while a needed paper is missing', lacking.status === 422 && JSON.stringify(lacking.body).includes('还缺 银行卡'))
  papers[1].state = 'given'
  ok('accepted', (await step(desk, 'application', app, 'accept', { set: { materials: papers } })).status === 200)
  ok('the due date counts working days and leaves the day off out', (await must(desk, 'GET', '/application/' + app)).f.due === due, due)
  await step(desk, 'application', app, 'handle')

  // 查询办事进程
  const street = await open(360, 640)
  await street.goto(`${base}/progress?no=${no}`)
  await street.fill('input[name=phone]', '9999')
  await street.click('button:has-text("查询")')
  ok('a wrong number of the phone tells nothing', await shows(street, 'text=没有查到'))
  const wrong = await street.evaluate(async n => {
    const a = await fetch(`/api/v1/progress?no=${n}&phone=0000`).then(r => r.text())
    const b = await fetch('/api/v1/progress?no=S330106005055-200101-A99&phone=0000').then(r => r.text())
    return a === b
  }, no)
  ok('and not whether the number exists', wrong)
  await street.fill('input[name=phone]', '1234')
  await street.click('button:has-text("查询")')
  await street.waitForSelector('h2:has-text("办理过程")')
  const told = await street.textContent('main')
  ok('progress opens without a login: each step, who has it, the due date', ['提交', '一次性告知补正', '受理', '办理', due, '高龄津贴申领', '现在由谁办'].every(x => told.includes(x)), told)
  ok('and no name', !told.includes('沈阿婆'))
  await look(street, '360 progress')
  let tried = 0
  for (let i = 0; i < 8; i++) tried = await street.evaluate(n => fetch(`/api/v1/progress?no=${n}&phone=1111`).then(r => r.status), no)
  ok('who guesses is stopped', tried === 429, String(tried))

  // decided, paper, verification
  ok('a decision says whether and why', (await step(desk, 'application', app, 'decide', { set: { granted: true } })).status === 422)
  await step(desk, 'application', app, 'decide', { set: { granted: true, result: '符合条件，自下月起发放' } })
  const done = await must(desk, 'GET', '/application/' + app)
  ok('it knows that it was on time', done.f.on_time === true && done.f.days === 0, JSON.stringify(done.f))
  const paper = await must(office, 'POST', '/issued_paper', { application: app, person: granny, template: 'other', body: '兹证明沈阿婆享受高龄津贴。', basis: '居民委员会组织法' })
  ok('a paper has serial and check code', /^Z330106005055-\d{4}-00001$/.test(paper.f.serial) && /^[A-Z2-9]{8}$/.test(paper.f.check_code), JSON.stringify(paper.f))
  await office.goto(`${base}/sheet/paper/${paper.id}`)
  await office.waitForSelector('.sheet img')
  await look(office, '1440 paper')
  await street.goto(`${base}/verify?serial=${paper.f.serial}&code=${paper.f.check_code}`)
  ok('anybody can verify it', await shows(street, 'text=这份证明是真的') && (await street.textContent('main')).includes('沈*婆'))
  await look(street, '360 verify')
  ok('not with another code', (await api(street, 'GET', `/paper?serial=${paper.f.serial}&code=AAAAAAAA`)).status === 404)
  await step(desk, 'application', app, 'deliver')
  ok('rated by the applicant alone', (await step(desk, 'application', app, 'rate', { set: { score: 5 } })).status === 403 && (await step(phone, 'application', app, 'rate', { set: { score: 5 } })).status === 200)
  await desk.goto(`${base}/sheet/form/${app}`)
  ok('the filled form prints', await shows(desk, '.sheet td:has-text("农业银行")'))
  const again = await must(worker, 'POST', '/application', { item: item.id, person: granny })
  await must(worker, 'POST', `/application/${again.id}/steps`, { action: 'submit', set: { form: { bank: '工商银行' } } })
  ok('a reusable paper need not be brought again', (await must(worker, 'GET', '/application/' + again.id)).f.materials.map(m => m.state).join() === 'shown,missing')

  // an inquiry knows which service it is about
  const category = await must(office, 'POST', '/category', { code: 'zx', name: '政策咨询', handler: home, tier: 'community', accept_hours: 24, done_hours: 72 })
  await phone.goto(`${base}/services/${item.id}`)
  await phone.click('main a[href^="/ticket/new?kind=inquiry"]')
  await phone.fill('#f-title', '要带户口本吗')
  await phone.fill('#f-body', '母亲八十二岁')
  await phone.fill('#f-category', '政策')
  await phone.click('#f-category-list li:has-text("政策咨询") button')
  await phone.click('button:has-text("保存")')
  await phone.waitForURL(/\/ticket\/[0-9a-v]{20}/)
  const asked = (await must(office, 'GET', '/ticket?kind=inquiry')).items
  ok('an inquiry says which service it is about', asked.length === 1 && asked[0].f.item === item.id && asked[0].f.category === category.id, JSON.stringify(asked))
  ok('and is counted by it', JSON.stringify((await must(office, 'GET', '/stats')).items.find(s => s.code === 'inquiries_by_item').cells) === JSON.stringify([['高龄津贴申领', 'filed', 1]]))

  // slots: one place, three who want it, one of them out of reach
  const starts = Date.now() + 24 * hour
  const slot = await must(desk, 'POST', '/slot', { item: item.id, date: day(1), starts, ends: starts + hour, places: 1, counter: '2 号窗' })
  const field = await open(360, 640)
  await login(field, laptop.base, 'worker')
  await must(field, 'POST', '/sync')
  ok('the laptop knows the slot', await until(field, async () => (await api(field, 'GET', '/slot/' + slot.id)).status === 200))
  await phone.goto(`${base}/services/${item.id}`)
  await phone.click('button:has-text("预约")')
  await phone.waitForURL(/\/appointment\//)
  const first = phone.url().split('/').pop()
  ok('three taps book a time', (await must(phone, 'GET', '/appointment/' + first)).state === 'confirmed')
  await phone.waitForSelector('main h1')
  await look(phone, '360 appointment')
  const offline = await must(field, 'POST', '/appointment', { slot: slot.id, person: others[1] })
  ok('a laptop cannot confirm: 待确认', offline.state === 'requested', offline.state)
  ok('the same person not twice', (await api(phone, 'POST', '/appointment', { slot: slot.id, person: granny })).status === 409)
  const second = await must(worker, 'POST', '/appointment', { slot: slot.id, person: others[0] })
  ok('the next waits', second.state === 'waiting')
  await must(field, 'POST', '/sync')
  const states = async () => Object.fromEntries((await must(worker, 'GET', `/appointment?slot=${slot.id}`)).items.map(a => [a.id, a.state]))
  ok('what came from the laptop gets the owner\'s word: nobody is double-booked', await until(worker, async () => (await states())[offline.id] === 'waiting'), JSON.stringify(await states()))
  ok('the laptop learns it', await until(field, async () => { await api(field, 'POST', '/sync'); return (await must(field, 'GET', '/appointment/' + offline.id)).state === 'waiting' }))
  await step(phone, 'appointment', first, 'cancel')
  const now = await states()
  ok('a place given back goes to the first who waits', now[first] === 'cancelled' && Object.values(now).filter(s => s === 'confirmed').length === 1 && now[offline.id] === 'confirmed', JSON.stringify(now))
  ok('free places are public', (await must(street, 'GET', '/slot/' + slot.id)).f.taken === 1)
  ok('appointments are not', (await api(street, 'GET', `/appointment/${second.id}`)).status !== 200)
} catch (e) {
  ok('the test ran to its end', false, e.stack)
}
await end()
