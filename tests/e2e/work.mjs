// M7: a quarterly low-income table opens with every known column filled and only the changed ones to check, and the worker's own
// month report prints itself from the log. The district asks, the community returns, and the district sees sums, never a row.
import { api, client, end, login, look, must, ok, open, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 210
const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
const { base } = await startNode('翠苑一区社区', port + 1, '330106005055', 'community', ['worker', 'committee', 'party', 'supervisor'], district)
const step = (page, where, action, more = {}) => api(page, 'POST', `${where}/steps`, { action, ...more })
const made = async (page, where, body) => (await must(page, 'POST', where, body)).id
const until = async (page, what) => {
  for (let i = 0; i < 150; i++) {
    if (await what()) return true
    await page.waitForTimeout(100)
  }
  return false
}
const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)
const quarter = `${today.slice(0, 4)}-Q${Math.ceil(Number(today.slice(5, 7)) / 3)}`

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  const boss = await open(1440, 900)
  await login(boss, base, 'committee')
  const clerk = await open(1440, 900)
  await login(clerk, district.base, 'clerk')

  const building = await made(desk, '/building', { code: '1', name: '1幢', address: { road: '文一路', number: '1' } })
  const persons = []
  for (let i = 1; i <= 4; i++) {
    const dwelling = await made(desk, '/dwelling', { building, unit: '2', room: `${i}01`, tenure: 'owner' })
    const person = await made(desk, '/person', { name: `低保户${i}`, id_type: '990', kind: 'local', birth: `195${i}-01-01`, sex: '1', employer: i === 1 ? '退休' : undefined })
    await made(desk, '/residence', { person, dwelling, kind: 'actual', starts: '2020-01-01' })
    if (i < 4) await made(desk, '/care_tag', { person, kind: 'low_income', starts: '2026-01-01' })
    persons.push(person)
  }

  // the district's template: what is held already is found first
  await clerk.goto(`${district.base}/template`)
  await clerk.fill('label:has-text("名称") input', '低收入家庭季度表')
  await clerk.waitForSelector('label:has-text("下发单位") option >> nth=0', { state: 'attached' })
  await clerk.fill('label:has-text("要哪些栏目") textarea', '姓名\n年龄\n住址\n工作单位\n本季补助(元)')
  await clerk.click('button:has-text("先查已有的")')
  ok('a new template first lists what is held already', await shows(clerk, 'text=5 栏中 4 栏不用再填'))
  await clerk.check('input[aria-label="必填 本季补助(元)"]')
  await clerk.check('label:has-text("低收入") input')
  await look(clerk, '1440 new template')
  await clerk.click('button:has-text("保存模板")')
  await clerk.waitForSelector('.chip:has-text("草稿")')
  const template = clerk.url().split('/').pop()
  ok('what is masked cannot be bound', (await api(clerk, 'POST', '/ledger_template', { name: 'x', issuer: (await api(clerk, 'GET', '/home')).body.items[0].id, period: 'month', columns: [{ key: 'a', label: '证件', type: 'str', bound_to: 'person.id_no' }] })).status === 422)
  await step(clerk, `/ledger_template/${template}`, 'issue')
  await api(clerk, 'POST', '/sync')
  await api(desk, 'POST', '/sync')
  const arrived = async () => {
    await api(desk, 'POST', '/sync')
    return (await api(desk, 'GET', `/ledger_return?template=${template}`)).body.items.length > 0
  }
  let came = false
  for (let i = 0; i < 90 && !came; i++) {
    came = await arrived()
    if (!came) await desk.waitForTimeout(500)
  }
  ok('it reaches the community, and its return waits with a day', came)
  const ret = (await api(desk, 'GET', `/ledger_return?template=${template}`)).body.items[0]
  ok('for this quarter', ret.f.period === quarter && ret.f.due.slice(0, 4) === today.slice(0, 4))

  // an earlier quarter, as it was returned then
  const old = async (person, cells) => made(desk, '/ledger_row', { template, period: '2020-Q1', subject: person, cells, checked: true })
  await old(persons[0], { c1: '低保户1', c2: String(new Date(Date.now() + 8 * 3600e3).getUTCFullYear() - 1951), c3: '1幢 2-101', c4: '退休', c5: '1200' })
  await old(persons[1], { c1: '低保户2', c2: '60', c3: '1幢 2-201', c5: '900' })

  await desk.goto(`${base}/ledger/${ret.id}`)
  await desk.click('button:has-text("开始填报")')
  await desk.waitForSelector('.chip:has-text("填报中")')
  ok('three rows, of them two to check', await shows(desk, 'text=3 行，要核对 2 行'))
  await look(desk, '1440 ledger')
  ok('in the issuer\'s layout, with one column of names', await desk.locator('table.ledger th:has-text("姓名")').count() === 1)
  const hand = await open(360, 640)
  await login(hand, base, 'worker')
  await hand.goto(`${base}/ledger/${ret.id}`)
  ok('on a phone each person is a card', await shows(hand, 'section.card:has(h2:has-text("低保户2")) input[aria-label="低保户2 本季补助(元)"]') && await hand.locator('table.ledger').count() === 0)
  await look(hand, '360 ledger')
  const rows = (await api(desk, 'GET', `/ledger_row?template=${template}&period=${quarter}&sort=id`)).body.items
  const cells = i => rows.find(r => r.f.subject === persons[i]).f
  ok('every known column is filled', cells(0).cells.c3 === '1幢 2-101' && cells(0).cells.c4 === '退休' && cells(1).cells.c1 === '低保户2' && cells(0).cells.c5 === '1200', JSON.stringify(cells(0)))
  ok('what is as it was needs nobody', cells(0).checked === true && cells(0).changed.length === 0)
  ok('what changed says so', cells(1).checked === false && cells(1).changed.includes('c2'))
  ok('nobody else is in it', rows.length === 3)
  ok('a return with rows to check does not go on', (await step(boss, `/ledger_return/${ret.id}`, 'check')).status === 409)
  await desk.click('button[aria-label$="低保户2"]')
  await desk.waitForSelector('text=3 行，要核对 1 行')
  await desk.fill('input[aria-label="低保户3 工作单位"]', '社区保洁')
  await desk.click('button[aria-label$="低保户3"]')
  await desk.waitForSelector('text=3 行，要核对 0 行')
  ok('nor one with an empty required column', (await step(boss, `/ledger_return/${ret.id}`, 'check')).status === 409)
  const third = (await api(desk, 'GET', `/ledger_row?template=${template}&period=${quarter}`)).body.items.find(r => r.f.subject === persons[2])
  await api(desk, 'PATCH', `/ledger_row/${third.id}`, { cells: { ...third.f.cells, c5: '600' }, checked: true })
  const asked = (await api(desk, 'GET', '/change_request')).body.items
  ok('a correction is asked of the registry, not written over', asked.length === 1 && asked[0].f.patch.employer === '社区保洁' && (await api(desk, 'GET', `/person/${persons[2]}`)).body.f.employer === undefined)
  const checked = await step(boss, `/ledger_return/${ret.id}`, 'check')
  ok('checked, it knows its sums and how much filled itself', checked.body.f.rows === 3 && checked.body.f.totals.c5 === '2700' && Number(checked.body.f.auto_share) > 70, JSON.stringify(checked.body.f))
  await step(desk, `/ledger_return/${ret.id}`, 'submit')
  await api(desk, 'POST', '/sync')
  ok('the district has it', await until(clerk, async () => (await api(clerk, 'GET', `/ledger_return/${ret.id}`)).body.state === 'submitted'))
  const above = (await api(clerk, 'GET', `/ledger_return/${ret.id}`)).body
  ok('with its sums, and not one row', above.f.totals.c5 === '2700' && (await api(clerk, 'GET', `/ledger_row?template=${template}`)).status !== 200)
  await clerk.goto(`${district.base}/returns`)
  await clerk.waitForSelector('table')
  await look(clerk, '1440 returns matrix')
  await clerk.click('button:has-text("接收")')
  ok('one tap in the matrix accepts it', await until(clerk, async () => (await api(clerk, 'GET', `/ledger_return/${ret.id}`)).body.state === 'accepted'))

  // 记一笔 in three taps, the month's report from it
  const phone = await open(360, 640)
  await login(phone, base, 'worker')
  let taps = 0
  const tap = async s => { taps++; await phone.click(s) }
  await tap('a[href="/note"]')
  await tap('button.tile:has-text("走访")')
  await phone.fill('textarea', '看望独居老人，身体好')
  await look(phone, '360 note it down')
  await tap('button:has-text("记下")')
  ok('记一笔 › kind › ✓', await shows(phone, 'section:has(h2:has-text("今天记的")) li:has-text("看望独居老人")') && taps === 3)
  await made(desk, '/work_log', { kind: 'mediation', body: '楼道堆物，双方同意清理', minutes: 40 })
  await desk.goto(`${base}/report`)
  await desk.waitForSelector('td:has-text("楼道堆物")')
  await look(desk, '1440 month report')
  ok('the month’s report writes itself', await shows(desk, 'tr:has-text("调解"):has-text("40")') && await shows(desk, 'tr:has-text("合计"):has-text("2")'))

  // a task, and a destruction list that two sign
  const boss_id = (await api(boss, 'GET', '/session')).body.account.id
  const worker_id = (await api(desk, 'GET', '/session')).body.account.id
  const task = await made(boss, '/task', { title: '清点消防栓', due: today, assignee: worker_id })
  await step(desk, `/task/${task}`, 'take')
  await step(desk, `/task/${task}`, 'finish', { set: { result: '12 个完好' } })
  ok('who did it does not check it', (await step(desk, `/task/${task}`, 'check')).status === 403)
  ok('who gave it does', (await step(boss, `/task/${task}`, 'check')).body.state === 'checked')
  ok('a task is another’s to take by nobody', (await step(boss, `/task/${await made(boss, '/task', { title: 'x', due: today, assignee: worker_id })}`, 'take')).status === 403 && boss_id !== worker_id)
  const file = await desk.evaluate(async () => (await (await fetch('/api/v1/files?name=a.txt', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: '公文' })).json()).sha)
  const paper = await made(desk, '/document', { title: '旧通知', kind: 'received', date: '2010-01-01', keep: '10y', files: [{ sha: file }] })
  for (const [who, action, more] of [[desk, 'circulate'], [boss, 'sign'], [desk, 'file', { set: { volume: '2010-1' } }]]) await step(who, `/document/${paper}`, action, more || {})
  await step(boss, `/document/${paper}`, 'list', { note: '保管期满' })
  ok('who listed it does not destroy it', (await step(boss, `/document/${paper}`, 'destroy')).status === 403)
  const seer = await open(1440, 900)
  await login(seer, base, 'supervisor')
  ok('another does', (await step(seer, `/document/${paper}`, 'destroy')).body.state === 'destroyed')
  const secret = await made(boss, '/meeting', { title: '内部会议', starts: Date.now() + 864e5 })
  await step(boss, `/meeting/${secret}`, 'call')
  const guest = await open(360, 640)
  await guest.goto(base)
  ok('a meeting is public only when it says so', (await api(guest, 'GET', `/meeting/${secret}`)).status === 404)
  const townhall = await made(boss, '/meeting', { title: '居民议事', starts: Date.now() + 864e5, public: true })
  await step(boss, `/meeting/${townhall}`, 'call')
  ok('then for everybody', (await api(guest, 'GET', `/meeting/${townhall}`)).body.f.title === '居民议事')

  // assessment: measures count themselves, raters score the rest, the person sees it and may appeal
  const head = await open(1440, 900)
  await login(head, base, 'party')
  const scheme = { name: '社工年度考核', period: 'year', starts: `${today.slice(0, 4)}-01-01`, ends: `${today.slice(0, 4)}-12-31`, subject: 'person',
    indicators: [{ name: '走访', weight: 40, source: 'visits', rule: '2' }, { name: '任务按期', weight: 20, source: 'tasks' }, { name: '群众评价', weight: 40, source: 'manual' }] }
  ok('weights add up to 100', (await api(boss, 'POST', '/assess_scheme', { ...scheme, indicators: scheme.indicators.slice(1) })).status === 422)
  const plan = await made(boss, '/assess_scheme', scheme)
  await step(boss, `/assess_scheme/${plan}`, 'open')
  const results = (await api(boss, 'GET', `/assess_result?scheme=${plan}`)).body.items
  ok('opened, each worker has a result', results.length === 1 && results[0].f.subject === worker_id)
  const result = results[0].id
  const scores = (await api(boss, 'GET', `/assess_score?scheme=${plan}`)).body.items.map(x => [x.f.indicator, x.f.value, x.f.auto])
  ok('what can be measured is: one visit of two is half', JSON.stringify(scores.sort()) === JSON.stringify([['任务按期', '100.0', true], ['走访', '50.0', true]].sort()), JSON.stringify(scores))
  ok('without the raters there is no total', (await step(boss, `/assess_result/${result}`, 'rate')).status === 409)
  const give = (who, more) => api(who, 'POST', '/assess_score', { scheme: plan, subject: worker_id, indicator: '群众评价', value: '90', ...more })
  ok('nobody scores oneself, nor by hand what is measured', (await give(desk)).status === 403 && (await give(boss, { indicator: '走访' })).status === 422 && (await give(boss, { value: '120' })).status === 422)
  await give(boss)
  await give(head, { value: '80' })
  const rated = await step(boss, `/assess_result/${result}`, 'rate')
  ok('raters are averaged, the total is weighted', rated.body.f && rated.body.f.total === '74.0' && rated.body.f.parts.some(x => x.name === '群众评价' && x.value === '85.0'), JSON.stringify(rated.body))
  ok('until it is shown the person does not read it', (await api(desk, 'GET', `/assess_result/${result}`)).status === 404)
  await step(boss, `/assess_result/${result}`, 'decide')
  await step(boss, `/assess_result/${result}`, 'show')
  ok('then they do', (await api(desk, 'GET', `/assess_result/${result}`)).body.f.grade === 'C')
  ok('an appeal says why', (await step(desk, `/assess_result/${result}`, 'appeal')).status === 422)
  ok('and is made once', (await step(desk, `/assess_result/${result}`, 'appeal', { set: { appeal: '走访漏记一次' } })).body.state === 'appealed')
  ok('the party settles it', (await step(head, `/assess_result/${result}`, 'settle', { note: '维持' })).body.state === 'final')

  // the visit list, to take along
  await made(desk, '/care_tag', { person: persons[3], kind: 'alone', starts: today, visit_days: 14 })
  await must(desk, 'PATCH', `/person/${persons[3]}`, { phone: '13800000009' })
  await desk.goto(`${base}/`)
  await desk.click('a.more[href="/visits"]')
  const row = desk.locator('main tr:has-text("低保户4")')
  await row.waitFor()
  ok('the visit list has who is due, house by house, and nobody else', (await row.textContent()).includes('1幢 2 401') && await desk.locator('main tbody tr').count() === 1, await desk.textContent('main'))
  await desk.click('button:has-text("带上电话")')
  ok('telephones when asked for', await shows(desk, 'main td:has-text("13800000009")'))
  await look(desk, '1440 visit list')
  const audit = await client(base, 'supervisor')
  ok('which is on record', (await audit('GET', '/audit?limit=50')).body.items.some(a => a.f.action === 'unmask' && a.f.purpose === 'visit' && a.f.object === persons[3]))
  await desk.emulateMedia({ media: 'print' })
  ok('and a box to tick on paper', await desk.isVisible('td.onlyprint:has-text("☐")') && !(await desk.isVisible('select')))
  await desk.emulateMedia({ media: 'screen' })
  await must(desk, 'POST', '/work_log', { kind: 'visit', date: today, person: persons[3], body: '好' })
  await desk.reload()
  ok('who was visited leaves it', await shows(desk, 'text=没有到期的走访'))
  await desk.click('.nav-group:has-text("基础数据库")')
  const left = at => desk.$eval(at, e => { const r = document.createRange(); r.selectNodeContents(e.lastChild.nodeType === 3 ? e.lastChild : e.childNodes[1]); return r.getBoundingClientRect().left })
  ok('what a group of the menu holds is set in under its name', await left('.nav a[href="/person"]') >= await left('.nav-group:has-text("基础数据库")'))
} catch (e) {
  ok('work', false, e.stack.slice(0, 700))
}
await end()
