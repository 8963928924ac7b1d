// M1: an 80-year-old without a phone gets an account at the counter with a printed card, and her daughter acts for her with a
// delegation that ends.
import { end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 90
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee'])
const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)

/** The API as the page's user has it. */
const api = (page, method, where, body) => page.evaluate(async ([m, w, b]) => {
  const r = await fetch('/api/v1' + w, { method: m, headers: b ? { 'Content-Type': 'application/json' } : {}, body: b ? JSON.stringify(b) : undefined })
  return { status: r.status, body: await r.json().catch(() => null) }
}, [method, where, body])
async function enter(page, who, password) {
  await page.goto(`${base}/login`)
  await page.fill('input[autocomplete=username]', who)
  await page.fill('input[type=password]', password)
  await page.keyboard.press('Enter')
  await page.waitForSelector(`main[data-who="${who}"]`)
}

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  const person = async (name, birth) => {
    const made = await api(desk, 'POST', '/person', { name, id_type: '990', id_no: `P${birth}`, kind: 'local', birth, _keep: { id_no: '样例' } })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    return made.body.id
  }
  const granny = await person('沈阿婆', '1946-03-05')
  const daughter = await person('周小敏', '1972-08-09')
  const stranger = await person('路人甲', '1980-01-01')

  for (let i = 0; i < 50 && (await api(desk, 'GET', '/person?q=' + encodeURIComponent('沈阿婆'))).body.items.length === 0; i++)
    await desk.waitForTimeout(100) // full text follows a commit
  await desk.goto(`${base}/account/new`)
  await desk.fill('#f-login', 'shen1946')
  await desk.fill('#f-shown_name', '沈阿婆')
  await desk.fill('#f-person', '沈阿婆')
  await desk.click('[role=option] button:has-text("沈阿婆")')
  await desk.selectOption('#f-verified_how', 'counter')
  await desk.click('button:has-text("保存")')
  await desk.waitForSelector('.chip:has-text("待核验")')
  const account = desk.url().split('/').pop()
  ok('the account waits for who sees the document', true)
  ok('before that there is no card', (await api(desk, 'POST', `/account/${account}/card`)).status === 409)

  const second = await open(1440, 900)
  await login(second, base, 'committee')
  await second.goto(`${base}/account/${account}`)
  await second.click('[aria-label="下一步"] button:has-text("实名核验")')
  await second.click('button:has-text("确定实名核验")')
  await second.waitForSelector('.chip:has-text("已实名")')
  await second.click('button:has-text("发放登录卡")')
  await second.click('button:has-text("确定发放")')
  await second.waitForSelector('.login-card')
  await look(second, '1440 login card')
  const password = await second.textContent('.login-card div:has(dt:text("密码")) dd')
  ok('a card with a first password is shown', /^[a-z2-9]{5}-[a-z2-9]{5}$/.test(password), password)
  const worker = (await api(desk, 'GET', '/session')).body.account.id
  const office = await api(second, 'POST', `/account/${worker}/card`)
  ok('an office is never got through a card, and one is told what to do', office.status === 403 && office.body.zh.includes('请系统管理员'), JSON.stringify(office.body))

  const phone = await open(360, 640)
  await enter(phone, 'shen1946', password)
  ok('she signs in with it', true)
  ok('and is who she is', (await api(phone, 'GET', '/session')).body.account.person === granny)
  ok('she cannot become somebody else', (await api(phone, 'PATCH', `/account/${account}`, { person: stranger })).status === 403)
  await phone.goto(`${base}/password`)
  await phone.fill('input[name=old]', password)
  await phone.fill('input[name=new]', 'a long sentence')
  await phone.fill('input[name=again]', 'a long sentence')
  await look(phone, '360 new password')
  await phone.click('button:has-text("保存")')
  ok('she chooses a password of her own', await shows(phone, 'text=密码已修改'))

  run(['user', 'add', '--dir', node, '--login', 'xiaomin', '--role', 'resident', '--name', '周小敏', '--person', daughter], 'linli-xiaomin\n')
  const child = await open(360, 640)
  await enter(child, 'xiaomin', 'linli-xiaomin')
  const ticket = { kind: 'inquiry', title: '高龄津贴怎么领', body: '母亲今年八十', on_behalf_of: granny }
  const category = (await api(second, 'POST', '/category', { code: 'care', name: '养老', handler: (await api(second, 'GET', '/membership?limit=1')).body.items[0].f.home,
    tier: 'community', accept_hours: 8, done_hours: 24 })).body.id
  ticket.category = category
  ok('without a delegation she cannot act for her mother', (await api(child, 'POST', '/ticket', ticket)).status === 403)
  ok('nor ask for a delegation between others', (await api(child, 'POST', '/delegation', { principal: granny, agent: stranger, scope: ['all'], starts: today })).status === 403)
  const asked = await api(child, 'POST', '/delegation', { principal: granny, agent: daughter, relation: 'child', scope: ['ticket'], starts: today })
  ok('she asks for one', asked.status === 201, JSON.stringify(asked.body))
  ok('it is nothing yet', (await api(child, 'POST', '/ticket', ticket)).status === 403)
  ok('nor can she confirm it herself', (await api(child, 'POST', `/delegation/${asked.body.id}/steps`, { action: 'confirm' })).status === 403)
  await desk.goto(`${base}/delegation/${asked.body.id}`)
  await desk.click('[aria-label="下一步"] button:has-text("当面确认")')
  await desk.click('button:has-text("确定当面确认")')
  await desk.waitForSelector('.chip:has-text("已确认")')
  for (let i = 0; i < 50 && (await api(child, 'GET', '/category?q=' + encodeURIComponent('养老'))).body.items.length === 0; i++)
    await child.waitForTimeout(100)
  await child.goto(`${base}/ticket/new`)
  await child.waitForSelector('#f-title')
  await child.click('summary:has-text("为他人代办")')
  await child.selectOption('#b-person', { label: '沈阿婆' })
  await child.selectOption('#f-kind', 'inquiry')
  await child.fill('#f-category', '养老')
  await child.click('[role=option] button:has-text("养老")')
  await child.fill('#f-title', '高龄津贴怎么领')
  await child.fill('#f-body', '母亲今年八十')
  await look(child, '360 form for another')
  await child.click('button:has-text("保存")')
  await child.waitForSelector('.chip:has-text("已提交")')
  ok('with it she does, and the page says for whom', await shows(child, 'text=代 沈阿婆 办理'))
  const filed = child.url().split('/').pop()
  ok('her mother finds it among her own', (await api(phone, 'GET', '/ticket')).body.items.some(x => x.id === filed))
  ok('it reaches no further than what was confirmed', (await api(child, 'POST', '/subject_request', { person: granny, kind: 'access' })).status === 403)
  const counter = await api(desk, 'POST', '/ticket', { ...ticket, channel: 'counter', title: '窗口代办' })
  ok('at the counter staff enter for her, and how it came is on record', counter.status === 201 &&
    (await api(desk, 'GET', `/ticket/${counter.body.id}/history`)).body.items[0].channel === 'counter')
  const notice = (await api(child, 'POST', '/notice', { title: '寻猫', body: '黄白相间', kind: 'other', expire: '2030-01-01' })).body.id
  const put = body => api(child, 'PATCH', `/notice/${notice}`, body)
  ok('nor does she put another name to what she wrote', (await put({ title: '寻猫启事' })).status === 200 &&
    (await put({ on_behalf_of: stranger })).status === 403)
  ok('a resident does not name a channel', (await api(child, 'POST', '/ticket', { ...ticket, channel: 'paper' })).status === 403)
  await desk.click('[aria-label="下一步"] button:has-text("结束")')
  await desk.click('button:has-text("确定结束")')
  await desk.waitForSelector('.chip:has-text("已结束")')
  ok('when it has ended she cannot any more', (await api(child, 'POST', '/ticket', ticket)).status === 403)

  await desk.goto(base)
  ok('what nobody has checked for long waits on the first screen', await shows(desk, 'section:has(h2:text-matches("^待核实：居民 ")) a:has-text("沈阿婆")'))
  await desk.click('section:has(h2:text-matches("^待核实：居民 ")) a:has-text("全部")')
  await desk.click('td a:has-text("沈阿婆")')
  await desk.click('button:has-text("核实无误")')
  ok('one tap checks it', await desk.waitForSelector('button:has-text("核实无误")', { state: 'detached' }).then(() => true, () => false) && await shows(desk, `dd:has-text("${today}")`))
  await look(desk, '1440 checked')
  const left = (await api(desk, 'GET', '/person?stale=1')).body.items.map(x => x.id)
  ok('and it has left the queue, the others have not', !left.includes(granny) && left.includes(stranger))
} catch (e) {
  ok('the counter', false, e.stack.slice(0, 700))
}
await end()
