// Queues that people clear: possible duplicates, conflicts, refused and lost work. A community box and a laptop in the field, cut
// off from each other, and a browser for who decides.
import { end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 150
const box = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'resident'])
const field = await startNode('外勤一号', port + 1, '330106005055', 'laptop', [], box, { invite: ['--grid', '01'] })
const again = (url, what, left = 4) => fetch(url, what).catch(e => left > 0 ? again(url, what, left - 1) : Promise.reject(e)) // idle connections close after 50 ms
async function person(node, who) {
  const call = async (method, where, body, headers = {}) => {
    const r = await again(node.base + '/api/v1' + where, { method, body: body && JSON.stringify(body),
      headers: { Origin: node.base, 'Content-Type': 'application/json', cookie: call.cookie, ...headers } })
    return { status: r.status, body: await r.json().catch(() => null), cookie: r.headers.get('set-cookie') }
  }
  call.cookie = ''
  call.cookie = (await call('POST', '/session', { login: who, password: `linli-${who}` })).cookie.split(';')[0]
  return call
}
const until = async (what, ms = 10000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise(done => setTimeout(done, 100))) if (await what()) return true
  return false
}
const sync = node => run(['sync', '--dir', node.dir])

try {
  const desk = await person(box, 'committee')
  const worker = (await desk('GET', '/account?login=worker')).body.items[0].id // whose name stands on what the laptop writes
  run(['user', 'add', '--dir', field.dir, '--login', 'worker', '--role', 'worker', '--account', worker], 'linli-worker\n')
  const out = await person(field, 'worker')
  const add = async (call, coll, f) => {
    const made = await call('POST', `/${coll}`, { ...f, _keep: { id_no: '样例', phone: '样例' } })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
    return made.body.id
  }
  const someone = (name, no, more = {}) => ({ name, id_type: '990', id_no: no, kind: 'local', ...more })
  const twins = async () => (await desk('GET', '/duplicates')).body.items.filter(x => x.collection === 'person')

  // ---- possible duplicates
  const a = await add(desk, 'person', someone('沈一', 'TWIN1', { birth: '1950-01-01', employer: '旧单位' }))
  const b = await add(desk, 'person', someone('沈 一', 'twin1', { birth: '1950-01-01', job: '2', employer: '新单位' }))
  const home = await add(desk, 'building', { code: '9', name: '九幢', address: { road: '翠苑路', number: '9' } })
  const flat = await add(desk, 'dwelling', { building: home, room: '101', tenure: 'owner' })
  const lives = await add(desk, 'residence', { person: b, dwelling: flat, kind: 'actual', starts: '2020-01-01' })
  ok('two who share name and birth wait as possible duplicates', await until(async () => (await twins()).length === 1))
  const pair = (await twins())[0]
  ok('side by side, with what differs', pair.differ.includes('employer') && !pair.differ.includes('birth') && pair.a.id !== pair.b.id)
  ok('masked as everywhere', pair.a.f.id_no.includes('*'))
  ok('they are counted', await until(async () => (await desk('GET', '/status')).body.sync.duplicates >= 1))
  const block = (await desk('GET', '/screen?role=committee')).body.blocks.find(b => b.figures?.some(f => f.collection === 'queues/twins'))
  ok('and stand on the first screen, leading to their queue', block?.figures.find(f => f.collection === 'queues/twins').n === (await desk('GET', '/status')).body.sync.duplicates, JSON.stringify(block))
  const resident = await person(box, 'resident')
  ok('not for residents', (await resident('GET', '/duplicates')).status === 403)
  for (const name of ['申乙', '沈 一']) await desk('PATCH', `/person/${b}`, { name }) // a name it had for a while
  const find = async q => (await desk('GET', '/person?q=' + encodeURIComponent(q))).body.items.map(x => x.id)
  const merged = await desk('POST', '/duplicates', { collection: 'person', keep: a, drop: b, decision: 'merge', take: ['employer'] })
  ok('one of them is kept, with what the other knew better', merged.status === 200 &&
    (await desk('GET', `/person/${a}`)).body.f.employer === '新单位', JSON.stringify(merged.body))
  ok('the other id leads to the one that stands for both', (await desk('GET', `/person/${b}`)).body.id === a)
  ok('who searches by a name that only the other one had finds it', await until(async () => String(await find('申乙')) === a))
  ok('so do references', (await desk('GET', `/residence/${lives}`)).body.f.person === a &&
    (await desk('GET', `/residence?person=${a}`)).body.items.length === 1 && (await desk('GET', `/residence?person=${b}`)).body.items.length === 1)
  ok('lists hold it once', (await desk('GET', '/person?count=1')).body.total === 1)
  const one = (await desk('GET', `/person/${a}/history`)).body.items
  ok('both histories are shown as one', one.filter(x => x.op === 'add').length === 2 && one.some(x => x.op === 'alias') &&
    one.every((x, i) => i === 0 || one[i - 1].id < x.id))
  ok('the queue is empty', (await twins()).length === 0)
  ok('the decision is on record, with who', (await desk('GET', '/ruling')).body.items.some(x => x.f.decision === 'same' && x.f.author))
  const edit = await desk('PATCH', `/person/${b}`, { job: '3' })
  ok('a change by the old id goes to the record that stands', edit.status === 200 && edit.body.id === a && edit.body.f.job === '3')
  ok('a merge can be undone', (await desk('POST', '/duplicates', { collection: 'person', keep: a, drop: b, decision: 'unmerge' })).status === 200 &&
    (await desk('GET', `/person/${b}`)).body.id === b && (await desk('GET', `/residence/${lives}`)).body.f.person === b)
  ok('that name then leads nowhere', await until(async () => (await find('申乙')).length === 0))
  ok('then they wait again', await until(async () => (await twins()).length === 1))
  ok('two who are different are not offered again', (await desk('POST', '/duplicates',
    { collection: 'person', keep: a, drop: b, decision: 'different', reason: '同名同日生' })).status === 200 && (await twins()).length === 0)
  await desk('PATCH', `/person/${a}`, { job: '4' })
  ok('not even after a change', !(await until(async () => (await twins()).length > 0, 1500)))
  ok('that too can be taken back', (await desk('POST', '/duplicates', { collection: 'person', keep: a, drop: b, decision: 'reopen' })).status === 200 &&
    (await until(async () => (await twins()).length === 1)))
  ok('what is no pair is refused', (await desk('POST', '/duplicates', { collection: 'person', keep: a, drop: a, decision: 'merge' })).status === 409 &&
    (await desk('POST', '/duplicates', { collection: 'person', keep: a, drop: flat, decision: 'merge' })).status === 422)

  // ---- conflicts: the laptop's records are in the box's grid 01
  const c = await add(out, 'person', someone('周二', 'C2', { employer: '一厂', phone: '13800000001' }))
  const e = await add(out, 'person', someone('郑三', 'C3', { employer: '一厂' }))
  sync(field)
  ok('what the laptop wrote is on the box', await until(async () => (await desk('GET', `/person/${c}`)).status === 200))
  await desk('PATCH', `/person/${c}`, { employer: '社区登记', phone: '13800000002' })
  await out('PATCH', `/person/${c}`, { employer: '上门登记', phone: '13800000003' })
  await desk('DELETE', `/person/${e}`)
  await out('PATCH', `/person/${e}`, { employer: '二厂' })
  sync(field)
  const conflicts = async () => (await desk('GET', '/conflicts')).body.items
  ok('both conflicts wait', await until(async () => (await conflicts()).length === 2))
  const of = async id => (await conflicts()).find(x => x.id === id)
  const two = (await of(c)).conflicts.find(x => x.unit === 'employer').values
  ok('with who, when and which device', two.length === 2 && two.every(x => x.at > 0 && x.user_name && x.node_name) &&
    new Set(two.map(x => x.node_role)).size === 2, JSON.stringify(two))
  ok('sensitive ones are masked', (await of(c)).conflicts.find(x => x.unit === 'phone').values.every(x => x.value.includes('*')))
  const gone = (await of(e)).conflicts.find(x => x.unit === '@exists').values
  ok('a deletion and the edit beside it', gone.some(x => x.op === 'delete') && gone.some(x => x.fields.employer === '二厂'), JSON.stringify(gone))
  const lost = two.find(x => x.value === '社区登记')
  ok('one is taken', (await desk('POST', `/person/${c}/resolve`, { unit: 'employer', take: lost.change })).status === 200 &&
    (await desk('GET', `/person/${c}`)).body.f.employer === '社区登记')
  ok('a settled one is settled', (await desk('POST', `/person/${c}/resolve`, { unit: 'employer', take: lost.change })).status === 409)
  ok('undone by the other value', (await desk('POST', `/person/${c}/resolve`,
    { unit: 'employer', take: two.find(x => x !== lost).change, undo: true })).status === 200 &&
    (await desk('GET', `/person/${c}`)).body.f.employer === '上门登记')
  ok('a wrong value is refused in words', (await desk('POST', `/person/${c}/resolve`, { unit: 'phone', value: '12' })).body.fields?.[0]?.zh.length > 3)
  ok('a third one is typed', (await desk('POST', `/person/${c}/resolve`, { unit: 'phone', value: '13800000009' })).status === 200 &&
    (await of(c)) === undefined)
  ok('the edited one is restored', (await desk('POST', `/person/${e}/resolve`, { unit: '@exists', decision: 'restore' })).status === 200 &&
    (await desk('GET', `/person/${e}`)).body.f.employer === '二厂' && (await conflicts()).length === 0)
  sync(field)
  ok('the laptop has the decision', await until(async () => (await out('GET', `/person/${e}`)).status === 200 &&
    (await out('GET', '/conflicts')).body.items.length === 0))

  // ---- steps at odds
  const office = (await desk('GET', '/home?limit=1')).body.items[0].id
  const category = await add(desk, 'category', { code: 'lamp', name: '路灯', handler: office, tier: 'community', accept_hours: 4, done_hours: 24 })
  await until(async () => sync(field) !== undefined && (await out('GET', `/category/${category}`)).status === 200)
  const ask = await add(out, 'ticket', { kind: 'event', category, title: '路灯不亮', body: '七幢门口' })
  sync(field)
  await until(async () => (await desk('GET', `/ticket/${ask}`)).status === 200)
  const accepted = await desk('POST', `/ticket/${ask}/steps`, { action: 'accept' })
  const closed = await out('POST', `/ticket/${ask}/steps`, { action: 'refuse', note: '重复' })
  ok('two devices take a step each', accepted.status === 200 && closed.status === 200, JSON.stringify([accepted.body, closed.body]))
  sync(field)
  const fork = async () => (await of(ask))?.conflicts.find(x => x.unit === '@state')
  ok('a final step that lost is a conflict', await until(async () => (await fork()) !== undefined))
  const steps = (await fork())?.values ?? []
  ok('both steps side by side', steps.length === 2 && steps.some(x => x.taken) && steps.some(x => !x.taken && x.value === 'refused'), JSON.stringify(steps))
  const refused = async call => (await call('GET', '/refused')).body.items
  ok('who took the lost step sees it as not taken', await until(async () => sync(field) !== undefined && (await refused(out)).some(x => x.why === 'not_taken' && x.mine && x.words.zh)),
    JSON.stringify(await refused(out)))
  ok('it is counted', await until(async () => (await desk('GET', '/status')).body.sync.not_taken >= 1))
  ok('the lost one is taken after all', (await desk('POST', `/ticket/${ask}/resolve`,
    { unit: '@state', take: steps.find(x => !x.taken)?.change })).status === 200 &&
    (await desk('GET', `/ticket/${ask}`)).body.state === 'refused' && (await fork()) === undefined)

  // ---- the same in a browser, by who decides
  const phone = await open(360, 640)
  await login(phone, box.base, 'committee')
  await phone.goto(`${box.base}/queues/twins`)
  await phone.waitForSelector('h1:has-text("待处理队列")')
  await phone.waitForSelector('section.card:has-text("沈一")')
  await look(phone, '360 possible duplicates')
  await phone.click('button:has-text("合并为一条")')
  await phone.fill('input[maxlength="200"]', '本人确认')
  await phone.click('button:has-text("确定：合并为一条")')
  ok('on a phone two are merged', await phone.waitForSelector('section.card:has-text("沈一")', { state: 'detached' }).then(() => true) && (await desk('GET', `/person/${a}`)).body.merged?.length === 1)
  await phone.goto(`${box.base}/queues/rulings`)
  await phone.waitForSelector('section.card:has-text("本人确认")')
  await look(phone, '360 decisions')
  await phone.click('section.card:has-text("本人确认") button:has-text("取消合并")')
  ok('and come apart again', await shows(phone, 'section.card b:has-text("取消合并")') && (await desk('GET', `/person/${b}`)).body.id === b)
  await desk('PATCH', `/person/${c}`, { employer: '社区改', job: '1' })
  await out('PATCH', `/person/${c}`, { employer: '外勤改', job: '2' })
  sync(field)
  await until(async () => (await conflicts()).length === 1)
  const wide = await open(1440, 900)
  await login(wide, box.base, 'worker')
  await wide.goto(`${box.base}/queues/conflicts`)
  await wide.waitForSelector('section.card:has-text("周二")')
  await look(wide, '1440 conflicts')
  await wide.click('section[aria-label="工作单位"] li:has-text("社区改") button:has-text("选用这个")')
  await wide.waitForSelector('section[aria-label="工作单位"]', { state: 'detached' })
  await wide.click('section[aria-label="职业"] button:has-text("重新填写")')
  await wide.selectOption('section[aria-label="职业"] select', '6')
  await wide.click('section[aria-label="职业"] button:has-text("保存")')
  ok('on a desk one is taken and one filled in', await shows(wide, 'text=没有冲突') &&
    (await desk('GET', `/person/${c}`)).body.f.employer === '社区改' && (await desk('GET', `/person/${c}`)).body.f.job === '6')

  // ---- work behind a revocation
  const gift = await add(out, 'person', someone('王四', 'C4', { employer: '外勤登记' }))
  sync(field)
  await until(async () => (await desk('GET', `/person/${gift}`)).status === 200)
  const log = JSON.parse(run(['status', '--dir', field.dir, '--json'])).node
  run(['revoke', log, '--dir', box.dir, '--after', '1', '--yes'])
  ok('the work of a revoked device is void', await until(async () => (await desk('GET', `/person/${gift}`)).status === 404))
  const gifts = (await refused(desk)).filter(x => x.record === gift && x.op === 'add')
  ok('it waits, and says why, whose and from which device', gifts.length === 1 && gifts[0].why === 'revoked' && gifts[0].words.zh.includes('停用') &&
    gifts[0].node_name === '外勤一号' && gifts[0].user_name !== undefined && gifts[0].fields.employer === '外勤登记', JSON.stringify(gifts))
  await wide.goto(`${box.base}/queues/refused`)
  await wide.waitForSelector('text=已被停用')
  await look(wide, '1440 refused')
  const saved = await desk('POST', '/refused', { change: gifts[0].change, decision: 'again' })
  ok('saved again as one\'s own', saved.status === 200 && (await desk('GET', `/person/${saved.body.id}`)).body.f.employer === '外勤登记', JSON.stringify(saved.body))
  ok('letting go needs a reason', (await desk('POST', '/refused', { change: (await refused(desk))[0].change, decision: 'drop' })).status === 422)
  const rest = await refused(desk)
  ok('with one it goes', (await desk('POST', '/refused', { change: rest[0].change, decision: 'drop', reason: '已另行登记' })).status === 200 &&
    (await refused(desk)).length === rest.length - 1)
  ok('decided once', (await desk('POST', '/refused', { change: rest[0].change, decision: 'drop', reason: 'x' })).status === 409)
  const before = (await refused(desk)).length
  run(['rebuild', '--dir', box.dir])
  ok('a rebuild finds the same queues', await until(async () => (await refused(desk)).length === before && (await twins()).length === 1 && (await conflicts()).length === 0))
} catch (e) {
  ok('the queues', false, e.stack.slice(0, 600))
}
await end()
