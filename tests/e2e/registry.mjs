// M1 and M2 where data alone does not say it: who grants what, modules switched off and on, requests with a term, consent for
// children, corrections checked by the grid's worker, an estate's dwellings for its manager, a phone that stays in the community,
// a copy of one's own data.
import { end, login, look, ok, open, run, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 160
const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
const box = await startNode('翠苑一区社区', port + 1, '330106005055', 'community', ['worker', 'committee', 'admin', 'clerk', 'property', 'supervisor'], district)
const again = (url, what, left = 4) => fetch(url, what).catch(e => left > 0 ? again(url, what, left - 1) : Promise.reject(e))
async function person(node, who, password = `linli-${who}`) {
  const call = async (method, where, body) => {
    const r = await again(node.base + '/api/v1' + where, { method, body: body && JSON.stringify(body),
      headers: { Origin: node.base, 'Content-Type': 'application/json', cookie: call.cookie } })
    return { status: r.status, body: await r.json().catch(() => null), cookie: r.headers.get('set-cookie') }
  }
  call.cookie = ''
  call.cookie = (await call('POST', '/session', { login: who, password })).cookie.split(';')[0]
  return call
}
const until = async (what, ms = 10000) => {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise(done => setTimeout(done, 100))) if (await what()) return true
  return false
}
const says = (r, text) => JSON.stringify(r.body).includes(text)
const today = new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)

try {
  const committee = await person(box, 'committee')
  const worker = await person(box, 'worker')
  const admin = await person(box, 'admin')
  const clerk = await person(box, 'clerk')
  const add = async (call, coll, f) => {
    const made = await call('POST', `/${coll}`, { ...f, _keep: { id_no: '样例', phone: '样例' } })
    if (made.status !== 201) throw new Error(coll + ' ' + JSON.stringify(made.body))
    return made.body.id
  }
  const someone = (name, no, more = {}) => ({ name, id_type: '990', id_no: no, kind: 'local', ...more })
  const granny = await add(worker, 'person', someone('沈阿婆', 'R1', { birth: '1946-03-05', phone: '13800000001' }))
  run(['user', 'add', '--dir', box.dir, '--login', 'granny', '--role', 'resident', '--person', granny], 'linli-granny\n')
  const self = await person(box, 'granny')

  // ---- roles
  const office = (await committee('GET', '/home?limit=1')).body.items[0].id
  const account = async login => (await committee('GET', `/account?login=${login}`)).body.items[0].id
  const propose = (call, login, role) => account(login).then(a => call('POST', '/membership', { account: a, home: office, role, starts: today }))
  const grant = (call, id) => call('POST', `/membership/${id}/steps`, { action: 'grant' })
  const local = (await propose(admin, 'granny', 'volunteer')).body.id
  ok('the committee grants local roles', (await grant(committee, local)).status === 200)
  const party = (await propose(committee, 'worker', 'party')).body.id
  ok('nobody grants what he proposed', (await grant(committee, party)).status === 403)
  const second = (await propose(admin, 'worker', 'party')).body.id
  ok('party roles are not for the committee to grant', says(await grant(committee, second), '经办授予'))
  ok('a clerk grants them', (await grant(clerk, second)).status === 200)
  const own = (await propose(committee, 'admin', 'centre')).body.id
  ok('nobody grants a role to oneself', says(await grant(admin, own), '不能给自己'))
  ok('system and audit administration are not one person\'s', says(await propose(committee, 'admin', 'auditor'), '不能由同一人'))
  const audit = (await propose(committee, 'supervisor', 'auditor')).body.id
  ok('administration takes two people', (await grant(committee, audit)).status === 403 && (await grant(admin, audit)).status === 200)
  ok('and then the third right is refused', says(await propose(committee, 'supervisor', 'security'), '不能由同一人'))
  ok('a role that begins later is not held yet', (await grant(committee, (await admin('POST', '/membership',
    { account: await account('granny'), home: office, role: 'worker', starts: '2035-01-01' })).body.id)).status === 200 &&
    !(await self('GET', '/session')).body.roles.includes('worker'))

  // ---- modules
  ok('the module that logins stand in stays', says(await committee('POST', '/module_setting', { module: 'home', enabled: false }), '不能停用'))
  const off = await add(committee, 'module_setting', { module: 'publish', enabled: false })
  const module = async (call, name) => (await call('GET', '/schema')).body.modules.find(m => m.module === name)
  ok('a module switched off takes nothing new and says since when',
    says(await committee('POST', '/news', { title: 'x', body: 'x', section: 'community', level: 'community' }), today))
  ok('is hidden from who has nothing open in it', (await module(self, 'publish')).enabled === false && (await module(self, 'publish')).off_since === today)
  ok('can be read all the same', (await committee('GET', '/news')).status === 200)
  await committee('PATCH', `/module_setting/${off}`, { enabled: true, label: '小区广播' })
  ok('switched on again under another name', (await module(self, 'publish')).label.zh === '小区广播' &&
    (await committee('POST', '/news', { title: 'x', body: 'x', section: 'community', level: 'community' })).status === 201)

  // ---- one's own data
  const request = (await self('POST', '/subject_request', { person: granny, kind: 'copy' })).body
  const days = (new Date(request.f?.due) - new Date(today)) / 864e5
  ok('a request has fifteen working days', days >= 19 && days <= 31, JSON.stringify(request))
  const child = await add(worker, 'person', someone('小宝', 'R2', { birth: `${Number(today.slice(0, 4)) - 9}-01-01` }))
  const consent = { person: child, purpose: 'photo', basis: 'consent', notice_version: '1' }
  ok('a child\'s consent needs a guardian', says(await worker('POST', '/consent', consent), '监护人') &&
    (await worker('POST', '/consent', { ...consent, guardian: granny })).status === 201)
  const fix = { target: granny, patch: { phone: '13900000002' }, reason: '换号' }
  ok('residents ask for their own data to be corrected', (await self('POST', '/change_request', fix)).status === 201)
  ok('not for another\'s', says(await self('POST', '/change_request', { ...fix, target: child }), '不是您本人的'))
  ok('nor for what is no resident\'s to say', says(await self('POST', '/change_request', { ...fix, patch: { kind: 'floating' } }), '不能申请'))
  ok('a wrong value is told at once', (await self('POST', '/change_request', { ...fix, patch: { birth: '1999-13-45' } })).status >= 400)

  // ---- the grid's worker
  const house = await add(worker, 'building', { code: '7', name: '七幢', address: { road: '翠苑路', number: '7' }, property: office })
  const other = await add(worker, 'building', { code: '8', name: '八幢', address: { road: '翠苑路', number: '8' } })
  const flat = await add(worker, 'dwelling', { building: house, room: '101', tenure: 'owner', owner: '沈某' })
  await add(worker, 'dwelling', { building: other, room: '102', tenure: 'rent' })
  await add(worker, 'residence', { person: granny, dwelling: flat, kind: 'actual', starts: '2000-01-01' })
  const grid = await add(committee, 'grid', { code: '03', name: '三网格', workers: ['nobody'], buildings: [house] })
  const asked = (await worker('GET', `/change_request?target=${granny}`)).body.items[0].id
  ok('another grid\'s worker does not check it', says(await worker('POST', `/change_request/${asked}/steps`, { action: 'apply' }), '网格'))
  await committee('PATCH', `/grid/${grid}`, { workers: ['nobody', 'worker'] })
  ok('the grid\'s worker applies it', (await worker('POST', `/change_request/${asked}/steps`, { action: 'apply' })).status === 200)
  const phone = await worker('POST', `/person/${granny}/unmask`, { fields: ['phone'], purpose: 'check' })
  ok('then it holds', phone.body.fields?.phone === '13900000002', JSON.stringify(phone.body))

  // ---- the estate's manager
  const manager = await person(box, 'property')
  const seen = (await manager('GET', '/dwelling')).body.items ?? []
  ok('the property manager reads the dwellings of its estate, and owners masked', seen.length === 1 && seen[0].f.room === '101' && !JSON.stringify(seen).includes('沈某'))
  ok('not one of another', (await manager('GET', `/dwelling?building=${other}`)).body.items.length === 0)
  ok('and no persons', !((await manager('GET', '/person')).body.items ?? []).length && (await manager('GET', `/person/${granny}`)).status === 404)

  // ---- a narrower field
  const shop = await add(worker, 'unit', { name: '翠苑小学', kind: 'school', address: '翠苑路 1 号', phone: '057188880000' })
  ok('an organisation\'s phone is kept for the community', (await worker('GET', `/unit/${shop}`)).body.f.phone?.includes('*') &&
    (await worker('POST', `/unit/${shop}/unmask`, { fields: ['phone'], purpose: 'check' })).body.fields?.phone === '057188880000')
  ok('guests do not see that there is one', !('phone' in (await (await again(`${box.base}/api/v1/unit/${shop}`)).json()).f))
  await worker('PATCH', `/unit/${shop}`, { phone: '057188880001', staff: 40 })
  run(['sync', '--dir', box.dir])
  const above = await person(district, 'clerk')
  ok('the district has the organisation', await until(async () => (await above('GET', `/unit/${shop}`)).body.f?.staff === 40))
  ok('and not its phone', !JSON.stringify((await above('GET', `/unit/${shop}`)).body.f).includes('phone'))

  // ---- a copy of one's own data
  const copy = await self('GET', `/person/${granny}/copy`)
  ok('a person has a copy of all that is held', copy.status === 200 && copy.body.person.phone === '13900000002' &&
    copy.body.parts.some(p => p.collection === 'residence' && p.items.length === 1), JSON.stringify(copy.body).slice(0, 300))
  ok('nobody else has, without a request', (await manager('GET', `/person/${granny}/copy`)).status >= 403 &&
    (await self('GET', `/person/${child}/copy`)).status >= 403)
  ok('staff give it out on record', (await committee('GET', `/person/${granny}/copy?purpose=request`)).status === 200 &&
    (await committee('GET', `/person/${granny}/copy`)).status === 422 &&
    (await admin('GET', '/audit')).body.items.some(x => x.f.object === granny && x.f.action === 'export'))
  const page = await open(360, 640)
  await login(page, box.base, 'granny')
  await page.goto(`${box.base}/copy/${granny}`)
  await page.waitForSelector('text=13900000002')
  await look(page, '360 copy of my data')
} catch (e) {
  ok('the registry', false, e.stack.slice(0, 600))
}
await end()
