// Ten tasks for each kind of user, at most three taps each from the first screen (MODULES "Ten tasks"): played on a phone of 360×640 in the
// sample world. A tap is a press or a choice; typing, photos and looking are none. What a task needs beforehand comes by the interface.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { client, dir, end, ok, open, run, until, wrong } from './lib-browser.mjs'
import { canon, newId } from './lib-records.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 160
const MOST = 3
let base = process.env.BASE
let nodes
if (!base) {
  base = `http://127.0.0.1:${port}`
  nodes = spawn('packaging/run.sh', [`${dir}/world`, String(port)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SMALL: '1' } })
  process.on('exit', () => nodes.kill('SIGTERM'))
  await new Promise((done, failed) => {
    nodes.stdout.on('data', d => { if (String(d).includes('linli-<')) done() })
    nodes.on('exit', c => failed(new Error(`the nodes ended: ${c}`)))
  })
}
const above = base.replace(/\d+$/, p => String(Number(p) + 1))
const only = process.env.ONLY

/** Somebody's hand on a phone. */
function hand(page, home) {
  const h = {
    taps: 0,
    page,
    async tap(at, more = {}) {
      h.taps++
      await page.locator(at).first().click({ timeout: 20000, ...more })
    },
    async type(at, text) { await page.locator(at).first().fill(text, { timeout: 20000 }) },
    /** Typed, found, taken with Enter. */
    async find(at, text) {
      await h.type(at, text)
      await page.waitForFunction(([a]) => { const e = document.querySelector(a); return e && document.getElementById(e.id + '-list') && document.getElementById(e.id + '-list').querySelector('button') }, [at], { timeout: 20000 })
      await page.keyboard.press('Enter')
    },
    /** Typed, found, tapped. */
    async pick(at, text) {
      await h.type(at, text)
      await h.tap(`${at}-list li:has-text("${text}") button`)
    },
    async choose(at, value) {
      h.taps++
      await page.locator(at).first().selectOption(value, { timeout: 20000 })
    },
    see: at => page.waitForSelector(at, { timeout: 20000 }),
    async home() {
      await page.goto(home)
      await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('.skeleton'))
      h.taps = 0
    }
  }
  return h
}
async function as(who, tasks, at = base) {
  if (only && !only.includes(who)) return
  const page = await open(360, 640)
  await page.goto(`${at}/login`)
  await page.fill('input[autocomplete=username]', who)
  await page.fill('input[type=password]', `linli-${who}`)
  await page.keyboard.press('Enter')
  await page.waitForSelector(`main[data-who="${who}"]`)
  const h = hand(page, at)
  for (const [name, play] of tasks) {
    let failed = ''
    try {
      await h.home()
      await play(h)
    } catch (e) {
      failed = `${page.url()} ${e.message.split('\n').slice(0, 3).join(' ')} ${await page.evaluate(() => Array.from(document.querySelectorAll('.error')).map(e => e.textContent).join(' | ')).catch(() => '')}`
    }
    ok(`${who}: ${name} (${h.taps})`, failed === '' && h.taps >= 1 && h.taps <= MOST, failed || `${h.taps} taps`)
  }
  await page.context().close()
}
const must = async (ask, method, where, body) => {
  const r = await ask(method, where, body)
  if (r.status >= 300) throw new Error(`${method} ${where}: ${r.status} ${JSON.stringify(r.body).slice(0, 300)}`)
  return r.body
}
const item = text => `main a.item:has-text("${text}")`
const of = id => `main a.item[href*="${id}"]`
const step = name => `.steps button:has-text("${name}")`
const CONFIRM = 'form button.primary:has-text("确定")'
const SAVE = 'form .row button.primary'

try {
  const [resident, worker, committee, merchant, volunteer, centre] = await Promise.all(['resident', 'worker', 'committee', 'merchant', 'volunteer', 'centre'].map(w => client(base, w)))
  const one = async (ask, where) => (await must(ask, 'GET', where)).items[0]
  const me = async ask => (await must(ask, 'GET', '/session'))
  // ---- what the tasks need
  const lives = (await me(resident)).account.person
  const shop = await one(merchant, `/shop?home=${(await me(merchant)).memberships[0].home}`)
  const order = async () => (await must(resident, 'POST', '/shop_order', { shop: shop.id, person: lives })).id
  const orders = [await order(), await order(), await order()]
  for (const o of orders.slice(1)) await must(merchant, 'POST', `/shop_order/${o}/steps`, { action: 'accept' })
  await must(resident, 'POST', `/shop_order/${orders[2]}/steps`, { action: 'dispute', note: '没有修好' })
  const account = (await must(committee, 'POST', '/account', { login: 'shen', shown_name: '沈阿婆' })).id
  const circular = (await must(committee, 'POST', '/circular', { title: '年末检查', due: '2026-01-31', receivers: [(await me(committee)).memberships[0].home] })).id
  const slot = await one(resident, `/slot?ends.gte=${Date.now()}&sort=starts`)
  const volunteers = (await me(volunteer)).account
  await must(committee, 'POST', '/thread', { kind: 'group', subject: '志愿者群', members: [volunteers.id, (await me(committee)).account.id] })
  const keepers = [(await me(committee)).account.id, (await me(worker)).account.id, (await me(centre)).account.id]
  const fund = (await must(committee, 'POST', '/fund', { name: '楼道互助金', keepers, rules: '两人签字', opened: '2026-01-01' })).id
  await must(worker, 'POST', '/fund_entry', { fund, date: '2026-11-01', direction: 'in', kind: 'gift', amount: 10000, party_shown: '一位居民', purpose: '捐款' }) // whoever enters it signs it
  const scheme = (await must(committee, 'POST', '/assess_scheme', { name: '四季度考核', period: 'quarter', starts: '2026-10-01', ends: '2026-12-31', subject: 'person', indicators: [{ name: '走访', weight: 100, source: 'manual' }], raters: keepers })).id
  await must(committee, 'POST', `/assess_scheme/${scheme}/steps`, { action: 'open' })
  let due
  for (let i = 0; i < 60 && !due; i++) { // returns are asked for by the node itself
    due = await one(worker, '/ledger_return?state=open')
    if (!due) await new Promise(done => setTimeout(done, 1000))
  }
  await must(worker, 'POST', `/ledger_return/${due.id}/steps`, { action: 'fill' })
  const wanted = {}
  for (const c of (await must(worker, 'GET', `/ledger_template/${due.f.template}`)).f.columns) if (c.required) wanted[c.key] = { int: '1', dec: '1', date: '2026-01-01', bool: 'true' }[c.type] || '无'
  const rows = `/ledger_row?template=${due.f.template}&period=${due.f.period}&limit=200`
  for (let left = 1; left > 0;) {
    const list = (await must(worker, 'GET', rows)).items.filter(r => r.f.checked !== true)
    left = list.length
    for (const r of list) await worker('PATCH', `/ledger_row/${r.id}`, { cells: { ...wanted, ...r.f.cells }, checked: true }, r.version_etag)
  }
  await must(committee, 'POST', `/ledger_return/${due.id}/steps`, { action: 'check' })

  if (nodes) { // two who did not know of each other: both changes replace the same one
    const lamp = newId()
    const t = 'facility@1'
    const both = ['三幢东侧', '三幢西侧'].map(place => canon({ b: [lamp], f: { place }, i: newId(), o: 'set', r: lamp, t }))
    fs.writeFileSync(`${dir}/conflict.jsonl`, [canon({ f: { kind: 'lamp', place: '三幢' }, i: lamp, o: 'add', t }), ...both].join('\n') + '\n')
    run(['load', '--dir', `${dir}/world/community`, '--collection', 'facility', `${dir}/conflict.jsonl`])
  }

  const helper = (await me(volunteer)).account.shown_name
  await as('resident', [
    ['报事 › kind › ✓', async h => { await h.tap('.tile:has-text("报事")'); await h.pick('#f-category', '路灯'); await h.type('#f-title', '门口路灯不亮'); await h.type('#f-body', '昨晚起'); await h.tap(SAVE); await h.see('.done:has-text("编号")') }],
    ['办事 › item › ✓ appoint', async h => { await h.tap('.tile:has-text("办事")'); await h.tap(`a[href="/services/${slot.f.item}"]`); await h.tap('button.primary:has-text("预约")'); await h.see('h1 >> text=/./') ; await h.page.waitForURL('**/appointment/*') }],
    ['我的事 › item', async h => { await h.tap('main a.item[href^="/ticket/"]'); await h.see('.timeline') }],
    ['求助 › kind › ✓', async h => { await h.tap('.tile:has-text("求助")'); await h.choose('#f-kind', { index: 2 }); await h.type('#f-body', '买药'); await h.tap(SAVE); await h.see('.done') }],
    ['找服务 › category › call', async h => { await h.tap('.tile:has-text("找服务")'); await h.tap('.kinds button:has-text("家电")'); await h.see('.stack a[href^="tel:"]'); h.taps++ }],
    ['notice › open', async h => { await h.tap(item('停水通知')); await h.see('h1:has-text("停水通知")') }],
    ['值班 › ask ✓', async h => { await h.tap('.action:has-text("问值班")'); await h.tap('button:has-text("问值班")'); await h.type('main textarea', '居住证怎么办'); await h.tap('main form button.primary'); await h.see('.msg:has-text("居住证怎么办")') }],
    ['activity › join ✓', async h => { await h.tap(item('重阳敬老')); await h.tap('button:has-text("报名")'); await h.page.waitForURL('**/signup/*') }],
    ['我的事 › done › rate ✓', async h => { await h.tap('main a.item:has-text("可评价")'); await h.tap('form button.primary:has-text("是否解决：是")'); await h.see('.chip:has-text("已评价")') }],
    ['我 › 我的资料 › correct ✓', async h => { await h.tap('.tabs a:has-text("我")'); await h.tap('a:has-text("我的资料")'); await h.type('#f-employer', '文一小学'); await h.tap('button.primary:has-text("提交")'); await h.see('.toast:has-text("更正已提交")') }]
  ])
  await as('worker', [
    ['记一笔 › kind › ✓', async h => { await h.tap('.action:has-text("记一笔")'); await h.tap('button.tile:has-text("巡查")'); await h.type('form textarea', '查看消防通道'); await h.tap('form button.primary'); await h.see('.item:has-text("查看消防通道")') }],
    ['search › house › add person', async h => { await h.type('input[type=search]', '101'); await h.page.keyboard.press('Enter'); await h.tap('main a.item[href^="/dwelling/"]'); await h.tap('main a[href^="/residence/new"]'); await h.see('form #f-person') }],
    ['overdue item › reply ✓', async h => { await h.tap('main a.item[href^="/ticket/"]:has-text("处理中")'); await h.tap(step('答复')); await h.type('form textarea', '已处理好'); await h.tap(CONFIRM); await h.see('.chip:has-text("已答复")') }],
    ['上报 › category › ✓', async h => { await h.tap('.action:has-text("上报事件")'); await h.pick('#f-category', '消防'); await h.type('#f-title', '通道堵了'); await h.type('#f-body', '二楼'); await h.tap(SAVE); await h.see('.done') }],
    ['visit list › person › done ✓', async h => { await h.tap('main a.item[href^="/care_tag/"]'); await h.tap('button:has-text("记为已走访")'); await h.see('.toast:has-text("走访已记下")') }],
    ['counter › item › accept ✓', async h => { await h.tap('.action:has-text("窗口受理")'); await h.tap('a:has-text("高龄津贴申领")'); await h.find('#a-person', '王桂'); for (const i of await h.page.$$('form input:not([type=file]):not([role=combobox]), form textarea')) if (await i.inputValue() === '') await i.fill('13800000000'); await h.tap('form button.primary'); await h.page.waitForURL('**/application/*') }],
    ['ledger › open › submit ✓', async h => { await h.tap('.action:has-text("台账")'); await h.tap(`a[href="/ledger/${due.id}"]`); await h.tap('button:has-text("报送")'); await h.see('.chip:has-text("已报送")') }],
    ['verify › person › ✓', async h => { await h.tap(of(account)); await h.tap(step('实名核验')); await h.tap(CONFIRM); await h.see('.chip:has-text("已实名")') }],
    ['send › list › ✓', async h => { await h.tap('.action:has-text("群发")'); await h.choose('main select', { label: '一号楼' }); await h.type('main input', '停水'); await h.type('main textarea', '明早停水'); await h.tap('main button.primary'); await h.see('.msg:has-text("明早停水")') }],
    ['slip › print', async h => { await h.tap('main a.item[href^="/ticket/"]'); await h.tap('main a:has-text("打印")'); await h.see('.paper .qr') }]
  ])
  await as('committee', [
    ['review › item › approve', async h => { await h.tap(item('业主大会议题征集')); await h.tap(step('通过')); await h.tap(CONFIRM); await h.see('.timeline:has-text("通过")') }],
    ['dispatch › handler › ✓', async h => { await h.tap('main a.item[href^="/ticket/"]:has-text("已受理")'); await h.tap(step('派单')); await h.find('#to-home', '物业'); await h.tap(CONFIRM); await h.see('.chip:has-text("已派单")') }],
    ['red list › item › urge', async h => { await h.tap('.block:has-text("红色清单") a.item[href^="/ticket/"]'); await h.tap(step('催办')); await h.tap(CONFIRM); await h.see('.timeline:has-text("催办")') }],
    ['publish › type › ✓', async h => { await h.tap('.action:has-text("写公告")'); await h.type('#f-title', '消防演练'); await h.type('#f-body', '周六上午'); await h.choose('#f-kind', { index: 1 }); await h.tap(SAVE); await h.see('.done:has-text("已收到")') }],
    ['returns › template › submit', async h => { await h.tap('.action:has-text("台账")'); await h.tap('main a.item[href^="/ledger/"]'); await h.see('h1') }],
    ['circular › file › issue', async h => { await h.tap(of(circular)); await h.tap(step('发出')); await h.tap(CONFIRM); await h.see('.chip:has-text("已发出")') }],
    ['fund › entry › co-sign', async h => { await h.tap(item('楼道互助金')); await h.tap(`a[href="/statement/${fund}"]`); await h.tap('button:has-text("签")'); await h.see('td:has-text("一位居民")') }],
    ['assess › person › score', async h => { await h.tap(of(scheme)); await h.tap('a[href^="/assess_score/new"]'); await h.find('#f-subject', '社工小吴'); await h.type('#f-indicator', '走访'); await h.type('#f-value', '90'); await h.tap(SAVE); await h.see('.done') }],
    ...(nodes ? [['conflict › compare › keep', async h => { await h.tap('main a[href^="/queues/conflicts"]'); await h.see('li:has-text("三幢西侧")'); await h.tap('li:has-text("三幢东侧") button'); await h.page.waitForFunction(() => document.querySelector('main').textContent.indexOf('三幢西侧') < 0, null, { timeout: 20000 }) }]] : []),
    ['print › weekly board', async h => { await h.tap('.action:has-text("一周公告栏")'); await h.see('.board h2'); await h.page.evaluate(() => { window.print = () => { document.title = 'printed' } }); await h.tap('button:has-text("打印")'); await h.page.waitForFunction(() => document.title === 'printed') }]
  ])
  await as('property', [
    ['ticket › start', async h => { await h.tap('main a.item[href^="/ticket/"]:has-text("已派单")'); await h.tap(step('办理')); await h.tap(CONFIRM); await h.see('.chip:has-text("处理中")') }],
    ['ticket › photo › done ✓', async h => { await h.tap('main a.item[href^="/ticket/"]:has-text("处理中")'); await h.tap(step('答复')); await h.type('form label textarea', '已修好'); await h.tap(CONFIRM); await h.see('.chip:has-text("已答复")') }],
    ['ticket › return with reason ✓', async h => { await h.tap('main a.item[href^="/ticket/"]:has-text("已派单")'); await h.tap(step('退回')); await h.type('form textarea', '不属物业范围'); await h.tap(CONFIRM); await h.see('.chip:has-text("退回")') }],
    ['notice › write › submit', async h => { await h.tap('.action:has-text("写公告")'); await h.type('#f-title', '电梯检修'); await h.type('#f-body', '明天'); await h.choose('#f-kind', { index: 1 }); await h.tap(SAVE); await h.see('.done:has-text("已收到")') }],
    ['facility › check ✓', async h => { await h.tap('main a.item[href^="/facility/"]'); await h.tap('button:has-text("核实无误")'); await h.see('.toast') }],
    ['message › building › ✓', async h => { await h.tap('.action:has-text("群发")'); await h.choose('main select', { label: '一号楼' }); await h.type('main input', '电梯检修'); await h.type('main textarea', '明天检修'); await h.tap('main button.primary'); await h.see('.msg:has-text("明天检修")') }],
    ['report › month › print', async h => { await h.tap('.action:has-text("承办月报")'); await h.choose('main select', { index: 1 }); await h.see('table'); await h.page.evaluate(() => { window.print = () => { document.title = 'printed' } }); await h.tap('button:has-text("打印")'); await h.page.waitForFunction(() => document.title === 'printed') }]
  ])
  await as('owners', [
    ['vote › turnout', async h => { await h.tap(item('小区公共空间改造意见')); await h.see('text=参与') }],
    ['proposal › answer ✓', async h => { await h.tap(item('小广场铺塑胶')); await h.tap(step('答复')); await h.type('#s-answer', '明年实施'); await h.tap(CONFIRM); await h.see('.chip:has-text("已答复")') }],
    ['contract › open', async h => { await h.tap(item('电梯维保')); await h.see('dd:has-text("电梯公司")') }]
  ])
  await as('merchant', [
    ['demand › quote ✓', async h => { await h.tap('main a.item[href^="/demand/"]:has-text("待报价")'); await h.tap('a[href^="/quote/new"]'); await h.type('#f-price', '80'); await h.page.waitForFunction(() => document.querySelector('#f-shop').value !== ''); await h.tap(SAVE); await h.page.waitForURL(/\/quote\/[0-9a-v]{20}/) }],
    ['order › accept', async h => { await h.tap(of(orders[0])); await h.tap(step('接单')); await h.tap(CONFIRM); await h.see('.chip:has-text("已接单")') }],
    ['order › done ✓', async h => { await h.tap(of(orders[1])); await h.tap(step('完成')); await h.tap(CONFIRM); await h.see('.chip:has-text("已完成")') }],
    ['price › edit › ✓', async h => { await h.tap('main a.item[href^="/offer/"]'); await h.tap('main a:has-text("更正")'); await h.type('#f-price', '99'); await h.tap(SAVE); await h.see('dd:has-text("¥99.00")') }],
    ['review › reply ✓', async h => { await h.tap('main a.item[href^="/shop_review/"]'); await h.type('#reply', '谢谢'); await h.tap('button:has-text("发出回复")'); await h.see('.toast') }],
    ['pause/open', async h => { await h.tap('main a.item[href^="/shop/"]'); await h.tap(step('暂停营业')); await h.tap(CONFIRM); await h.see('.chip:has-text("暂停")') }],
    ['licence › photo › ✓', async h => { await h.tap('main a.item[href^="/shop/"]'); await h.tap('a[href^="/shop_licence/new"]'); await h.type('#f-kind', '营业执照'); await h.page.setInputFiles('#f-files', { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8Dwn4EIAAAdAgH/eSkmJwAAAABJRU5ErkJggg==', 'base64') }); await h.see('.files li'); await h.tap(SAVE); await h.page.waitForURL(/\/shop_licence\/[0-9a-v]{20}/) }],
    ['orders › month', async h => { await h.tap('.figure:has-text("近30天订单") a'); await h.see('h1:has-text("订单")') }],
    ['dispute › answer ✓', async h => { await h.tap(of(orders[2])); await h.tap(step('答复投诉')); await h.type('form textarea', '已重修'); await h.tap(CONFIRM); await h.see('.timeline:has-text("答复投诉")') }],
    ['my poster › print', async h => { await h.tap('main a.item[href^="/shop/"]'); await h.tap('main a:has-text("海报")'); await h.see('.poster .qr'); await h.page.evaluate(() => { window.print = () => { document.title = 'printed' } }); await h.tap('button:has-text("打印")'); await h.page.waitForFunction(() => document.title === 'printed') }]
  ])
  await as('volunteer', [
    ['help › claim ✓', async h => { await h.tap('main a.item[href^="/help_request/"]'); await h.tap('button:has-text("我来帮")'); await h.see('[role=status]') }],
    ['activity › join ✓', async h => { await h.tap(item('重阳敬老')); await h.tap('button:has-text("报名")'); await h.page.waitForURL('**/signup/*') }],
    ['check in', async h => { const id = h.page.url(); await until(h.page, async () => (await one(volunteer, '/signup?mine=1')).state === 'confirmed'); await h.home(); await h.tap('main a.item[href^="/signup/"]'); await h.tap(CONFIRM); await h.see('.chip:has-text("已签到")') }],
    ['check out ✓', async h => { await h.tap('main a.item[href^="/signup/"]'); await h.tap(CONFIRM); await h.see('.chip:has-text("已签退")') }],
    ['log hours › ✓', async h => { await h.tap('.action:has-text("记服务")'); await h.find('#f-volunteer', helper); await h.find('#f-source', '重阳'); await h.choose('#f-role', { index: 1 }); await h.type('#f-minutes', '60'); await h.type('#f-content', '陪老人'); await h.tap(SAVE); await h.page.waitForURL(/\/service_record\/[0-9a-v]{20}/) }],
    ['times › set ✓', async h => { await h.tap('main a.item[href^="/volunteer/"]'); await h.tap('main a:has-text("更正")'); await h.see('form #f-skills, form button:has-text("更多内容")'); await h.tap(SAVE); await h.see('.timeline') }],
    ['my record › print certificate', async h => { await h.tap('.action:has-text("我的证明")'); await h.find('#f-volunteer', helper); await h.tap(SAVE); await h.tap('main a[href^="/certificate/"]'); await h.see('main h1') }],
    ['group › write ✓', async h => { await h.tap('.action:has-text("消息")'); await h.tap(item('志愿者群')); await h.type('main textarea', '明天集合'); await h.tap('main form button.primary'); await h.see('.msg:has-text("明天集合")') }],
    ['fund › list', async h => { await h.tap('main a.item[href^="/fund/"]'); await h.tap('a[href^="/statement/"]'); await h.see('table') }],
    ['neighbour › file help for ✓', async h => { await h.tap('.action:has-text("替邻居求助")'); await h.type('#f-body', '帮隔壁买菜'); await h.tap(SAVE); await h.page.waitForURL(/\/help_request\/[0-9a-v]{20}/) }]
  ])
  if (!only || only.includes('clerk')) {
    const clerk = await client(above, 'clerk')
    const reported = (await must(committee, 'GET', '/ticket?state=handling&limit=4')).items.slice(-2).map(t => t.id)
    for (const id of reported) await must(committee, 'POST', `/ticket/${id}/steps`, { action: 'escalate', note: '需区里协调' })
    await must(committee, 'POST', '/purchase', { payer: (await me(committee)).memberships[0].home, operator: (await me(committee)).memberships[0].home, regions: ['330106005055'], plan: 'month', price: 50000, starts: '2026-01-01' })
    const up = await (async () => { for (let i = 0; i < 300; i++) { const got = await Promise.all(reported.map(id => clerk('GET', `/ticket/${id}`))); if (got.every(r => r.status === 200)) return true; await new Promise(d => setTimeout(d, 100)) } return false })()
    ok('what was reported reaches the district', up)
    await as('clerk', [
      ['community row › its red list', async h => { await h.tap('main table a.chip-bad'); await h.see('h1:has-text("来信事件")') }],
      ['ticket › assign ✓', async h => { await h.tap(of(reported[0])); await h.tap(step('派单')); await h.find('#to-home', '西湖'); await h.tap(CONFIRM); await h.see('.chip:has-text("已派单")') }],
      ['ticket › reply ✓', async h => { await h.tap(of(reported[1])); await h.tap(step('答复')); await h.type('form label textarea', '已协调'); await h.tap(CONFIRM); await h.see('.chip:has-text("已答复")') }],
      ['notice › write › send', async h => { await h.tap('.action:has-text("写公告")'); await h.type('#f-title', '全区消防检查'); await h.type('#f-body', '下周一'); await h.choose('#f-kind', { index: 1 }); await h.tap(SAVE); await h.see('.done:has-text("已收到")') }],
      ['returns › matrix › urge', async h => { await h.tap('.action:has-text("报送一览")'); await h.see('h1:has-text("报送一览")') }],
      ['figure › by community › export', async h => { await h.tap('.action:has-text("统计")'); await h.choose('#compare', { index: 1 }); await h.see('a[download], button:has-text("导出")'); const [file] = await Promise.all([h.page.waitForEvent('download'), h.tap('a[download], button:has-text("导出")')]); if (!file) throw new Error('no file') }]
    ], above)
  }
} catch (e) {
  ok('the tasks', false, e.stack.slice(0, 900))
}
if (nodes) { // they write below the folder that end() removes
  const over = new Promise(done => nodes.on('exit', done))
  nodes.kill('SIGTERM')
  if (nodes.exitCode === null && nodes.signalCode === null) await over
}
await end()
