// M11: any resident can recompute the fund balance from the public list, and a volunteer prints a service certificate with serial
// and check code. Besides: places and claims by the owner's word, clearance for care, two signatures, aid by three keepers.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { api, client, dir, end, login, look, must, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 130
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'volunteer'])
const hour = 3600e3
const today = new Date(Date.now() + 8 * hour).toISOString().slice(0, 10)

try {
  const worker = await client(base, 'worker')
  const committee = await client(base, 'committee')
  const made = async (c, where, body) => {
    const r = await c('POST', where, body)
    if (r.status !== 201) throw new Error(`${where}: ${r.status} ${JSON.stringify(r.body)}`)
    return r.body
  }
  const step = (c, coll, id, action, more = {}) => c('POST', `/${coll}/${id}/steps`, { action, ...more })
  const person = async (name, birth = '1960-05-06') => (await made(worker, '/person', { name, id_type: '990', id_no: `V${name}`, kind: 'local', birth, _keep: { id_no: '样例' } })).id
  const resident = async (who, name, birth) => {
    const id = await person(name, birth)
    run(['user', 'add', '--dir', node, '--login', who, '--role', who.startsWith('v') ? 'volunteer' : 'resident', '--person', id], `linli-${who}\n`)
    return { id, call: await client(base, who) }
  }
  const helper = await resident('vwang', '王志远')
  const second = await resident('vli', '李和平')
  const granny = await resident('granny', '沈阿婆', '1940-01-01')
  const child = await person('小宝', `${Number(today.slice(0, 4)) - 8}-01-01`)
  const home = (await committee('GET', '/membership?limit=1')).body.items[0].f.home

  // volunteers and their cards
  const v1 = await made(helper.call, '/volunteer', { person: helper.id, roles: ['1', '3'], shown_as: 'surname', story: '退休教师' })
  const v2 = await made(second.call, '/volunteer', { person: second.id, roles: ['8'], shown_as: 'none' })
  ok('nobody registers twice', (await helper.call('POST', '/volunteer', { person: helper.id, roles: ['1'] })).status === 409)
  ok('nor admits themselves', (await step(helper.call, 'volunteer', v1.id, 'admit')).status === 403)
  await step(worker, 'volunteer', v1.id, 'admit')
  await step(worker, 'volunteer', v2.id, 'admit')
  const guest = await open(360, 640)
  await guest.goto(base)
  const cards = (await api(guest, 'GET', '/volunteer_card')).body.items
  ok('the public card shows what was chosen and no more', cards.length === 1 && cards[0].f.name === '王**' && !JSON.stringify(cards).includes('王志远') && !JSON.stringify(cards).includes(helper.id), JSON.stringify(cards))

  // help: care needs clearance, children a worker's hand, and the first claim wins
  const help = async (kind, more = {}) => {
    const r = await made(granny.call, '/help_request', { kind, body: '需要帮忙', urgency: 'normal', person: granny.id, ...more })
    await step(worker, 'help_request', r.id, 'check')
    await step(worker, 'help_request', r.id, 'open')
    return r.id
  }
  const offer = (who, v, request) => who.call('POST', '/help_offer', { request, volunteer: v.id })
  const company = await help('company')
  ok('an elder companion needs clearance', (await offer(helper, v1, company)).status === 403)
  ok('given by a worker with a reason', (await step(worker, 'volunteer', v1.id, 'clear', { set: { cleared: ['3'] } })).status === 422 && (await step(worker, 'volunteer', v1.id, 'clear', { note: '已参加陪护培训', set: { cleared: ['3'] } })).status === 200)
  const phone = await open(360, 640)
  await login(phone, base, 'vwang')
  await phone.goto(`${base}/help_request/${company}`)
  await phone.click('button:has-text("我来帮")')
  ok('one tap claims it', await shows(phone, '.chip:has-text("已认领")'))
  await look(phone, '360 help claimed')
  const errand = await help('errand')
  const first = await offer(second, v2, errand)
  ok('the first who offers has it', first.status === 201 && (await offer(helper, v1, errand)).status === 409, JSON.stringify(first.body))
  ok('nobody else begins it', (await step(helper.call, 'help_request', errand, 'begin')).status === 403 && (await step(second.call, 'help_request', errand, 'begin')).status === 200)
  const minor = await help('errand', { minor_alone: true })
  const waits = await offer(second, v2, minor)
  ok('a child alone is never matched by the system', waits.body.state === 'offered' && (await worker('GET', '/help_request/' + minor)).body.state === 'open')
  await step(worker, 'help_offer', waits.body.id, 'take')
  ok('but by a worker', (await worker('GET', '/help_request/' + minor)).body.state === 'claimed')
  await step(helper.call, 'help_request', company, 'begin')
  await step(helper.call, 'help_request', company, 'finish')
  await step(granny.call, 'help_request', company, 'thank', { note: '谢谢小王' })
  const thanked = (await granny.call('GET', '/help_request/' + company)).body
  ok('help is done and thanked for', thanked.state === 'thanked' && thanked.f.met_hours === 0, JSON.stringify(thanked.f))

  // hours count when somebody else confirmed them
  const record = await made(helper.call, '/service_record', { volunteer: v1.id, source: company, role: '3', date: today, minutes: 95, content: '陪沈阿婆散步' })
  ok('the ledger has serials', /^V330106005055-\d{4}-00001$/.test(record.f.serial), record.f.serial)
  const minutes = async () => (await helper.call('GET', '/volunteer/' + v1.id)).body.f
  ok('unconfirmed minutes do not count', !(await minutes()).minutes && (await minutes()).waiting_minutes === 95)
  ok('no certificate without them', (await helper.call('POST', '/service_certificate', { volunteer: v1.id, from: today, until: today })).status === 409)
  ok('nobody confirms their own', (await helper.call('POST', '/service_check', { record: record.id, kind: 'statistician', decision: 'confirm' })).status === 403)
  ok('nor somebody who was not there', (await second.call('POST', '/service_check', { record: record.id, kind: 'receiver', decision: 'confirm' })).status === 403)
  ok('the receiver does', (await granny.call('POST', '/service_check', { record: record.id, kind: 'receiver', decision: 'confirm', score: 5 })).status === 201 && (await minutes()).minutes === 95)
  const counted = (await worker('GET', `/service_check?record=${record.id}`)).body.items[0].f
  ok('and the check says what it adds', counted.minutes === 95 && counted.role === '3')
  ok('more than a day is no day', (await helper.call('POST', '/service_record', { volunteer: v1.id, source: company, role: '3', date: today, minutes: 1400, content: 'x' })).status === 422)

  await made(worker, '/service_record', { volunteer: v1.id, source: company, role: '1', date: today, minutes: 20, content: '由社工代记' })
  const times = (await helper.call('GET', '/screen?role=volunteer')).body.blocks.find(b => b.title && b.title.en === 'My service').figures
  ok('times served are one\'s own, whoever wrote them down', times.every(f => f.n === 2) && (await helper.call('GET', `/service_record?${times[0].query}`)).body.items.length === 2, JSON.stringify(times))
  const others = (await second.call('GET', '/screen?role=volunteer')).body.blocks.find(b => b.title && b.title.en === 'My service')
  ok('and nobody else\'s', !others || others.figures.every(f => f.n === 0), JSON.stringify(others))

  // activity: two places, three want them
  const activity = await made(committee, '/activity', { title: '河道清洁', home, kind: 'environment', starts: Date.now() + hour, ends: Date.now() + 3 * hour, place: '沿山河', needs: { 1: '1', any: '1' } })
  await step(committee, 'activity', activity.id, 'review')
  await step(committee, 'activity', activity.id, 'open')
  const join = (who, more = {}) => who.call('POST', '/signup', { activity: activity.id, person: who.id, ...more })
  const s1 = (await join(helper, { role: '1' })).body
  const s2 = (await join(granny)).body
  const s3 = (await join(second)).body
  ok('places go in order, the rest waits', s1.state === 'confirmed' && s2.state === 'confirmed' && s3.state === 'waiting' && (await worker('GET', '/activity/' + activity.id)).body.state === 'full', [s1, s2, s3].map(s => s.state).join())
  ok('under fourteen nobody comes alone', (await worker('POST', '/signup', { activity: activity.id, person: child })).status === 422)
  await step(granny.call, 'signup', s2.id, 'cancel')
  ok('a place given back goes to the next', (await second.call('GET', '/signup/' + s3.id)).body.state === 'confirmed')
  await guest.goto(`${base}/activity/${activity.id}`)
  ok('the activity is public', await shows(guest, 'text=河道清洁'))
  await look(guest, '360 activity')
  await step(helper.call, 'signup', s1.id, 'check_in')
  await step(helper.call, 'signup', s1.id, 'check_out')

  // the certificate
  const paper = await made(helper.call, '/service_certificate', { volunteer: v1.id, from: today, until: today })
  ok('a certificate has serial and check code', /^W330106005055-\d{4}-00001$/.test(paper.f.serial) && /^[A-Z2-9]{8}$/.test(paper.f.check_code) && paper.f.minutes === 95 && paper.f.times === 1, JSON.stringify(paper.f))
  await phone.goto(`${base}/certificate/${paper.id}`)
  await phone.waitForSelector('.sheet img')
  ok('it says how long', (await phone.textContent('.sheet')).includes('1 小时 35 分钟') && (await phone.textContent('.sheet')).includes('王志远'))
  await look(phone, '360 certificate')
  await guest.goto(`${base}/verify?serial=${paper.f.serial}&code=${paper.f.check_code}`)
  ok('anybody can verify it', await shows(guest, 'text=这份证明是真的') && (await guest.textContent('main')).includes('王*远'))
  ok('and nobody gets one for another', (await second.call('POST', '/service_certificate', { volunteer: v1.id, from: today, until: today })).status === 422)

  // the fund: three keepers, two signatures, a chain
  const accounts = Object.fromEntries((await committee('GET', '/account?limit=50')).body.items.map(a => [a.f.login, a.id]))
  ok('a fund has three keepers', (await committee('POST', '/fund', { name: '邻里互助金', keepers: [accounts.vwang], rules: '章程', opened: today })).status === 422)
  const fund = await made(committee, '/fund', { name: '邻里互助金', keepers: [accounts.vwang, accounts.vli, accounts.committee], rules: '章程', opened: today })
  const entry = (c, direction, kind, amount, purpose, more = {}) => c('POST', '/fund_entry', { fund: fund.id, date: today, direction, kind, amount, party_shown: '热心居民', purpose, ...more })
  const sign = (c, id) => c('POST', '/fund_signature', { entry: id })
  ok('only keepers write', (await entry(worker, 'in', 'gift', 100000, '捐款')).status === 403)
  const gift = (await entry(helper.call, 'in', 'gift', 100000, '捐款')).body
  const balance = async () => (await api(guest, 'GET', '/fund/' + fund.id)).body.f.balance || 0
  ok('one signature posts nothing', await balance() === 0 && (await sign(helper.call, gift.id)).status === 409 && (await sign(worker, gift.id)).status === 403)
  ok('the second keeper posts it, at once and public', (await sign(second.call, gift.id)).status === 201 && await balance() === 100000)
  const dear = (await entry(helper.call, 'out', 'cost', 200000, '太贵')).body
  ok('what is not there cannot be paid', (await sign(second.call, dear.id)).status === 409 && await balance() === 100000)
  const cost = (await entry(second.call, 'out', 'cost', 12345, '=HYPERLINK("x"),购买物资')).body
  await sign(committee, cost.id)
  ok('money out is in the balance', await balance() === 87655)
  ok('a posting never changes', (await committee('PATCH', '/fund_entry/' + cost.id, { amount: 1 })).status === 403)
  const back = await entry(helper.call, 'in', 'reversal', 12345, '记错', { reverses: cost.id })
  ok('it is taken back by a reversal', back.status === 201 && (await sign(second.call, back.body.id)).status === 201 && await balance() === 100000, JSON.stringify(back.body))
  ok('once', (await entry(helper.call, 'in', 'reversal', 12345, '记错', { reverses: cost.id })).status === 422)

  // aid
  const aid = await made(granny.call, '/aid_application', { person: granny.id, fund: fund.id, amount: 50000, reason: '住院' })
  ok('a neighbour does not read it', (await (await resident('nosy', '路人')).call('GET', '/aid_application/' + aid.id)).status === 404)
  await step(worker, 'aid_application', aid.id, 'visit', { set: { visit: '情况属实' } })
  const voteFor = (c, amount) => step(c, 'aid_application', aid.id, 'vote', { set: { granted: amount } })
  ok('keepers decide, nobody else', (await voteFor(worker, 50000)).status === 403 && (await voteFor(helper.call, 50000)).status === 200 && (await voteFor(helper.call, 50000)).status === 409)
  await voteFor(second.call, 30000)
  ok('two are not enough', (await worker('GET', '/aid_application/' + aid.id)).body.state === 'visited')
  await voteFor(committee, 40000)
  const decided = (await worker('GET', '/aid_application/' + aid.id)).body
  ok('three decide: what all who said yes agree to', decided.state === 'decided' && decided.f.granted === 30000, JSON.stringify(decided.f))
  await step(committee, 'aid_application', aid.id, 'announce')
  const notice = (await api(guest, 'GET', '/aid_notice')).body.items
  ok('announced with the name masked', notice.length === 1 && notice[0].f.name === '沈**' && notice[0].f.granted === 30000 && !JSON.stringify(notice).includes('阿婆'))
  ok('not paid before five days are over', (await entry(helper.call, 'out', 'aid', 30000, '帮困', { aid: aid.id })).status === 422)

  // anybody recomputes it with what every computer has
  await guest.goto(`${base}/statement/${fund.id}`)
  await guest.click('button:has-text("重算余额")')
  ok('the page recomputes the balance', await shows(guest, '[role=status]:has-text("一致：3 笔，¥1,000.00")'))
  await look(guest, '360 fund')
  await guest.goto(`${base}/lite`)
  await guest.click('a:has-text("邻里互助金")')
  const lite = await guest.textContent('main')
  const numbers = await guest.$$eval('tbody tr td:first-child', l => l.map(e => e.textContent).join(' '))
  ok('without script: balance, the latest postings first, what for', lite.includes('¥1,000.00') && numbers === '3 2 1' && lite.includes('全部 3 笔') && lite.includes('热心居民'), numbers + lite)
  await look(guest, '360 lite fund')
  const screen = await open(1440, 900)
  await login(screen, base, 'vli')
  await screen.goto(`${base}/statement/${fund.id}`)
  await screen.waitForSelector('h2:has-text("待第二人签字")')
  await look(screen, '1440 fund')
  const file = `${dir}/fund.csv`
  fs.writeFileSync(file, await guest.evaluate(id => fetch(`/api/v1/fund/${id}/postings`).then(r => r.text()), fund.id))
  const sh = text => spawnSync('bash', ['-c', text], { encoding: 'utf8', cwd: dir }).stdout.trim()
  ok('awk adds the public list up to the balance', sh("awk -F, 'NR>1{b+=$3==\"in\"?$4:-$4}END{print b}' fund.csv") === '100000')
  const chain = 'last=0000000000000000000000000000000000000000000000000000000000000000; tail -n +2 fund.csv | while IFS=, read -r n d w a b e p h rest; do [ "$p" = "$last" ] && [ "$(printf %s "$n,$d,$w,$a,$b,$e,$p" | sha256sum | cut -c1-64)" = "$h" ] || echo bad "$n"; last=$h; done'
  ok('sha256sum finds every row chained to the one before', sh(chain) === '' && sh('tail -n +2 fund.csv | wc -l') === '3')
  ok('and a changed amount is found', sh(`sed -i 's/,out,12345,/,out,1,/' fund.csv; ${chain}`).includes('bad 2'))
  run(['verify', '--dir', node])
  ok('the log verifies', true)
  ok('nothing in it runs as a formula', !/(^|,)[=+@-][A-Z]/.test(fs.readFileSync(file, 'utf8')))
} catch (e) {
  ok('the test ran to its end', false, e.stack)
}
await end()
