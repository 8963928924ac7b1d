// A resident moves from one community to another, both offline from each other: never two homes or none, whatever link is cut and whichever
// box is killed; each community keeps and erases its own record.
import { client, end, ends, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'

const port = Number(process.env.PORT0 ?? 18650) + 370
const come = async (what, seconds = 30) => {
  for (const stop = Date.now() + seconds * 1000; Date.now() < stop;) {
    const v = await Promise.resolve(what()).catch(() => null)
    if (v) return v
    await new Promise(done => setTimeout(done, 150))
  }
  return null
}
/** Nodes sync when the test says so: a cut link is one that nobody uses. */
const quiet = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^sync_every_s = .*/m, 'sync_every_s = 86400').replace(/^sync_soon_ms = .*/m, 'sync_soon_ms = 600000'))
const sync = n => spawnSync('build/linli', ['sync', '--dir', n.dir], { encoding: 'utf8', timeout: 20000 }).status === 0
const down = n => new Promise(done => { n.child.on('exit', done); n.child.kill('SIGKILL') })
const up = async n => {
  const log = fs.openSync(`${n.dir}.log`, 'a')
  n.child = spawn('build/linli', ['serve', '--dir', n.dir, '--listen', new URL(n.base).host], { stdio: ['ignore', log, log] })
  ends(n.child)
  await come(() => fetch(`${n.base}/sync/v1/hello`).then(r => r.ok))
}

try {
  const more = { prepare: quiet }
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk', 'admin'], undefined, more)
  const street = await startNode('翠苑街道', port + 3, '330106005000', 'subdistrict', [], district, more)
  const a = await startNode('翠苑一区社区', port + 6, '330106005055', 'community', ['worker', 'committee', 'admin'], street, more)
  const b = await startNode('文二社区', port + 9, '330106005056', 'community', ['worker', 'committee'], district, more)
  const people = { a: await client(a.base, 'worker'), b: await client(b.base, 'worker') }
  const call = async (who, method, where, body) => {
    const r = await people[who](method, where, body)
    if (r.status > 201) throw new Error(`${who} ${method} ${where} ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body)}`)
    return r.body
  }
  const all = async (who, coll, more = '') => (await call(who, 'GET', `/${coll}?limit=100${more}`)).items
  const home = async (who) => {
    const building = await call(who, 'POST', '/building', { code: '1', name: '1 幢', address: { road: '文二路', number: '1' } })
    return call(who, 'POST', '/dwelling', { building: building.id, room: '101', tenure: 'owner' })
  }
  const flat = { a: await home('a'), b: await home('b') }
  let serial = 0
  const resident = async name => {
    const p = await call('a', 'POST', '/person', { name, birth: '1950-03-0' + (++serial % 9 + 1), kind: 'local', phone: '13800000000', sex: '2' })
    await call('a', 'POST', '/residence', { person: p.id, dwelling: flat.a.id, kind: 'actual', starts: '2020-01-01' })
    return p
  }
  const homes = async name => { // open residences of whoever bears that name, in both places
    let n = 0
    for (const who of ['a', 'b'])
      for (const p of await all(who, 'person')) if (p.f.name === name)
        for (const r of await all(who, 'residence', `&person=${p.id}`)) if (!r.f.ends) n++
    return n
  }
  const stateA = async m => (await call('a', 'GET', `/move_out/${m.id}`)).state
  const incoming = async (state, name) => (await all('b', 'move_in', `&state=${state}`)).find(m => name === undefined || m.f.name === name)
  /** All links in turn until it is so. */
  const carry = (what, nodes = [a, street, b]) => come(async () => { for (const n of nodes) sync(n); return await what() }, 40)

  // --- the way it goes
  const zhao = await resident('赵一')
  await call('a', 'POST', '/care_tag', { person: zhao.id, kind: 'alone', starts: '2024-01-01' })
  const desk = await open(1440, 900)
  await login(desk, a.base, 'worker')
  await desk.goto(`${a.base}/move_out/new?person=${zhao.id}`)
  await desk.fill('#f-to_region', '翠苑二区')
  await desk.click('[role=option] button:has-text("翠苑二区社区")')
  await desk.fill('#f-address', '文二路 1 号')
  await desk.selectOption('#f-pass_care', 'true')
  await desk.fill('#f-note', '耳朵不好，请打电话慢慢说')
  await look(desk, 'a move being registered')
  await desk.click('button:has-text("保存")')
  await shows(desk, 'h1:has-text("赵一")')
  const move = { id: desk.url().split('/').pop() }
  ok('a second move of the same person is refused', (await people.a('POST', '/move_out', { person: zhao.id, to_region: '330106005056' })).status === 422)
  ok('a move within the community, too', (await people.a('POST', '/move_out', { person: zhao.id, to_region: '330106005055' })).status === 422)
  ok('without a link it waits, and nothing else stops', await come(async () => await stateA(move) === 'asked') !== null)
  ok('the other community learns nothing of who it is before it has a key for it', !(await all('b', 'move_in')).length)
  const offer = await carry(() => incoming('offered'))
  ok('the summary reaches the worker there, through two nodes that cannot read it', offer && offer.f.name === '赵一' && offer.f.note.includes('慢慢说'), JSON.stringify(offer))
  const told = JSON.stringify([offer, await call('b', 'GET', `/move_in/${offer.id}/history`)])
  ok('what is masked there stands nowhere else in it, nor in its history', /\*\*\*\*/.test(told) && !told.includes('13800000000'), told.slice(0, 600))
  const holds = (n, word) => ['linli.db', 'linli.db-wal'].some(f => fs.existsSync(`${n.dir}/${f}`) && fs.readFileSync(`${n.dir}/${f}`).includes(word))
  ok('her own box has her name in its database', holds(a, '赵一'))
  for (const n of [district, street]) ok(`${n.dir.split('/').pop()} has it nowhere`, !holds(n, '赵一'))
  ok('until she is taken in, her home is where it was', await homes('赵一') === 1 && (await call('a', 'GET', `/person/${zhao.id}`)).f.status === 'living')
  const need = await people.b('POST', `/move_in/${offer.id}/steps`, { action: 'accept' })
  ok('taking in asks for the dwelling', need.status === 422, JSON.stringify(need))
  const phone = await open(360, 640)
  await login(phone, b.base, 'worker')
  ok('it stands on the first screen of the worker there', await shows(phone, 'main a:has-text("赵一")'))
  await phone.click('main a:has-text("赵一")')
  await phone.click('[aria-label="下一步"] button:has-text("接收迁入")')
  await phone.fill('#s-dwelling', '101')
  await phone.click('[role=option] button:has-text("101")')
  await phone.selectOption('#s-kind', 'actual')
  const day = new Date(Date.now() + 8 * 36e5).toISOString().slice(0, 10).split('-')
  for (const [i, name] of ['年', '月', '日'].entries()) await phone.selectOption(`select[aria-label="入住日期 ${name}"]`, day[i])
  await look(phone, 'a resident being taken in')
  await phone.click('button:has-text("确定接收迁入")')
  await shows(phone, '.chip:has-text("已接收")')
  const taken = await call('b', 'GET', `/move_in/${offer.id}`)
  const her = await call('b', 'GET', `/person/${taken.f.person}`)
  ok('the new community has a record of its own', her.f.name === '赵一' && her.id !== zhao.id && her.f.status === 'living', JSON.stringify(her.f))
  ok('with the care tag that was passed on', (await all('b', 'care_tag')).some(t => t.f.person === her.id))
  await new Promise(done => setTimeout(done, 4000)) // a tick of the box: without a receipt it must not tell anybody
  ok('it tells nobody before its parent has signed for that', (await call('b', 'GET', `/move_in/${offer.id}`)).state === 'accepted')
  ok('once it has, the old residence ends', await carry(async () => await stateA(move) === 'moved') !== null, await stateA(move))
  const old = (await all('a', 'residence', `&person=${zhao.id}`))[0]
  const now = (await all('b', 'residence', `&person=${her.id}`))[0]
  ok('on the day that the new one begins: one home, not two and not none', old.f.ends === now.f.starts && await homes('赵一') === 1, JSON.stringify([old.f, now.f]))
  ok('her old record says so', (await call('a', 'GET', `/person/${zhao.id}`)).f.status === 'moved')
  ok('the move is done on both sides', await carry(async () => (await call('b', 'GET', `/move_in/${offer.id}`)).state === 'done') !== null)
  const emptied = await come(async () => { const m = await call('b', 'GET', `/move_in/${offer.id}`); return !m.f.name && !m.f.note && m })
  ok('what had been sent is destroyed then; the record of the person stays', emptied && (await call('b', 'GET', `/person/${her.id}`)).f.name === '赵一', JSON.stringify(emptied && emptied.f))

  // --- erasing the one does not touch the other
  const request = await call('a', 'POST', '/subject_request', { person: zhao.id, kind: 'delete', text: '请删除' })
  const committee = await client(a.base, 'committee')
  for (const [action, note] of [['check'], ['finish', '已核对身份']]) await committee('POST', `/subject_request/${request.id}/steps`, { action, note })
  ok('the old community erases its record', await come(async () => !(await call('a', 'GET', `/person/${zhao.id}`)).f.name) !== null, JSON.stringify((await call('a', 'GET', `/subject_request/${request.id}`)).state))
  await carry(() => true)
  ok('the new one has hers', (await call('b', 'GET', `/person/${her.id}`)).f.name === '赵一')

  // --- a household in one request
  const wu = await resident('周五')
  const liu = await resident('周六')
  const family = await call('a', 'POST', '/move_out', { person: wu.id, others: [liu.id], to_region: '330106005056' })
  const both = new Set() // homes of the two, at every look
  const together = async what => { both.add(`${await homes('周五')},${await homes('周六')}`); return what() }
  const two = await carry(() => together(() => incoming('offered', '周五')))
  ok('one request offers both', two && two.f.family.includes('周六') && (await all('b', 'move_in', '&state=offered')).length === 1, JSON.stringify(two))
  await phone.goto(`${b.base}/move_in/${two.id}`)
  ok('who comes along is named where they are taken in', await shows(phone, '.card:has-text("周六")'))
  await look(phone, 'a household being taken in')
  await call('b', 'POST', `/move_in/${two.id}/steps`, { action: 'accept', set: { dwelling: flat.b.id, kind: 'actual', starts: '2026-11-03' } })
  ok('both leave when both are taken in', await carry(() => together(async () => await stateA(family) === 'moved')) !== null, await stateA(family))
  ok('never one without the other, and never none', [...both].every(n => n === '1,1' || n === '2,2') && both.has('1,1'), [...both].join(' '))
  await carry(async () => (await call('b', 'GET', `/move_in/${two.id}`)).state === 'done')
  const came = (await all('b', 'person')).filter(p => ['周五', '周六'].includes(p.f.name))
  const rooms = (await all('b', 'residence')).filter(r => came.some(p => p.id === r.f.person))
  ok('each of them arrives once, in one household', came.length === 2 && came[0].f.name !== came[1].f.name && rooms.length === 2 && rooms[0].f.household && rooms[0].f.household === rooms[1].f.household
    && await homes('周五') === 1 && await homes('周六') === 1, JSON.stringify([came, rooms]))
  await phone.goto(`${b.base}/household/${rooms[0].f.household}`)
  ok('their household names both', await shows(phone, 'main:has(h1:text-is("1-101")):has-text("周五"):has-text("周六")'))
  await look(phone, 'the household that came')
  for (const p of [wu, liu]) ok(`${p.id} is gone from the old community`, (await call('a', 'GET', `/person/${p.id}`)).f.status === 'moved')

  // --- refused with a reason
  const qian = await resident('钱二')
  const second = await call('a', 'POST', '/move_out', { person: qian.id, to_region: '330106005056' })
  const other = await carry(() => incoming('offered', '钱二'))
  ok('refusing wants a reason', (await people.b('POST', `/move_in/${other.id}/steps`, { action: 'refuse' })).status === 422)
  await call('b', 'POST', `/move_in/${other.id}/steps`, { action: 'refuse', note: '住址不在本社区' })
  ok('the reason comes back, the resident stays', await carry(async () => await stateA(second) === 'refused') && (await call('a', 'GET', `/move_out/${second.id}`)).f.answer.includes('不在本社区') && await homes('钱二') === 1)

  // --- withdrawn before it was taken in
  const third = await call('a', 'POST', '/move_out', { person: qian.id, to_region: '330106005056' })
  const again = await carry(() => incoming('offered', '钱二'))
  await call('a', 'POST', `/move_out/${third.id}/steps`, { action: 'withdraw' })
  ok('withdrawn on both sides', await carry(async () => await stateA(third) === 'withdrawn' && (await call('b', 'GET', `/move_in/${again.id}`)).state === 'withdrawn') !== null)
  ok('and cannot be taken in any more', (await people.b('POST', `/move_in/${again.id}/steps`, { action: 'accept', set: { dwelling: flat.b.id, kind: 'actual', starts: '2026-01-01' } })).status === 409)

  // --- withdrawn and taken in at once, while cut off: what was taken in holds
  const fourth = await call('a', 'POST', '/move_out', { person: qian.id, to_region: '330106005056' })
  const late = await carry(() => incoming('offered', '钱二'))
  await call('a', 'POST', `/move_out/${fourth.id}/steps`, { action: 'withdraw' })
  await call('b', 'POST', `/move_in/${late.id}/steps`, { action: 'accept', set: { dwelling: flat.b.id, kind: 'actual', starts: '2026-11-01' } })
  ok('who withdraws too late hears that it was taken in; one home', await carry(async () => await stateA(fourth) === 'moved') !== null && await homes('钱二') === 1, await stateA(fourth))

  // --- killed at each leg
  for (const page of [desk, phone]) await page.close() // a page that asks for news of a box that is gone says so, and rightly
  const sun = await resident('孙三')
  const fifth = await call('a', 'POST', '/move_out', { person: sun.id, to_region: '330106005056' })
  const legs = [a, street, district, b]
  let seen = new Set()
  for (let i = 0; i < 40 && await stateA(fifth) !== 'moved'; i++) {
    const victim = legs[i % 4]
    await down(victim)
    await up(victim)
    const wait = await incoming('offered', '孙三')
    if (wait) await call('b', 'POST', `/move_in/${wait.id}/steps`, { action: 'accept', set: { dwelling: flat.b.id, kind: 'actual', starts: '2026-11-02' } })
    await come(() => { for (const n of [a, street, b]) sync(n); return true })
    seen.add(await homes('孙三'))
    await new Promise(done => setTimeout(done, 500))
  }
  ok('boxes and carriers killed at every leg: it arrives', await stateA(fifth) === 'moved', await stateA(fifth))
  ok('with one home in the end, and never none on the way', await homes('孙三') === 1 && !seen.has(0), [...seen].join())

  // --- nobody there
  const li = await resident('李四')
  const sixth = await call('a', 'POST', '/move_out', { person: li.id, to_region: '330106001051' })
  ok('a community without a box is said so in words', await carry(async () => await stateA(sixth) === 'failed') !== null && (await call('a', 'GET', `/move_out/${sixth.id}`)).f.answer.includes('还没有接入'), await stateA(sixth))
  const spoken = async lang => (await call('a', 'GET', `/move_out/${sixth.id}?lang=${lang}`)).f.answer
  ok('in the language of the reader alone', !/[a-z]/i.test(await spoken('zh')) && !/[\u3400-\u9fff]/.test(await spoken('en')), [await spoken('zh'), await spoken('en')])

  for (const n of [a, b, street, district]) ok(`${n.dir.split('/').pop()}: nothing wrong in its logs`, /0 处|0 wrong/.test(run(['verify', '--dir', n.dir])))
} catch (e) { ok(e.stack, false) }
await end()
