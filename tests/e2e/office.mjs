// Offices over the link: a community proposes, a clerk of the district grants, everybody sees who holds one; and what is for few eyes
// goes up, or is read, only as two people and a log want it.
import fs from 'node:fs'
import { client, dir, end, findings, knock, login, ok, open, run, startNode } from './lib-browser.mjs'
import { canon, newId } from './lib-records.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 220
const come = async (what, seconds = 25) => {
  for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
    if (await what()) return true
    await new Promise(done => setTimeout(done, 200))
  }
  return false
}
const says = (r, zh, en) => r.status >= 400 && JSON.stringify(r.body).includes(zh) && JSON.stringify(r.body).includes(en)

try {
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk', 'admin'])
  const box = await startNode('翠苑一区社区', port + 3, '330106005055', 'community', ['committee', 'admin', 'worker', 'supervisor'], district)
  for (const n of ['ding', 'eva']) run(['user', 'add', '--dir', box.dir, '--login', n, '--role', 'resident', '--name', n === 'ding' ? '丁书记' : '伊娃'], `linli-${n}\n`)
  const [committee, admin, worker, supervisor, ding] = await Promise.all(['committee', 'admin', 'worker', 'supervisor', 'ding'].map(w => client(box.base, w)))
  const clerk = await client(district.base, 'clerk')
  const sync = () => committee('POST', '/sync')
  const synced = what => come(async () => (await sync()).status === 200 && await what())
  const account = async who => (await committee('GET', `/account?login=${who}`)).body.items[0].id
  const office = (await committee('GET', '/session')).body.memberships[0].home
  const today = (await committee('GET', '/session')).body.today

  // ---- committee and party roles are granted by two people on two nodes
  const seat = await committee('POST', '/membership', { account: await account('ding'), home: office, role: 'party', title: '书记', starts: today })
  const own = await admin('POST', `/membership/${seat.body.id}/steps`, { action: 'grant' })
  ok('nobody in the community grants a party role, and is told who does', says(own, '区县经办', 'clerk of the subdistrict or district'), JSON.stringify(own.body))
  ok('nor is it held before it was granted', !(await ding('GET', '/session')).body.roles.includes('party'))
  const local = await committee('POST', '/membership', { account: await account('eva'), home: office, role: 'volunteer', starts: today })
  ok('the proposal comes to the district with the name that is shown', await synced(async () => (await clerk('GET', `/membership/${seat.body.id}`)).body.f?.holder === '丁书记'))
  ok('a local role stays in the community', (await clerk('GET', `/membership/${local.body.id}`)).status === 404)
  const screen = (await clerk('GET', '/screen?role=clerk')).body.blocks.find(b => b.title?.zh === '待批准的任职' || b.title === '待批准的任职')
  ok('and waits on the first screen of the clerk', screen?.items.length === 1 && screen.total === 1 && screen.items[0].next === '批准', JSON.stringify(screen))
  ok('the account itself stays in the community', (await clerk('GET', `/account/${await account('ding')}`)).status === 404)
  const granted = await clerk('POST', `/membership/${seat.body.id}/steps`, { action: 'grant' })
  ok('a clerk of the district grants it', granted.status === 200 && granted.body.state === 'active', JSON.stringify(granted.body))
  ok('and it is held in the community', await synced(async () => (await ding('GET', '/session')).body.roles.includes('party')))
  const who = await come(async () => (await (await knock(`${box.base}/api/v1/office_holder?role=party`)).json()).items?.some(x => x.f.holder === '丁书记' && x.f.title === '书记'))
  ok('everybody reads who holds the office, without the account', who && !JSON.stringify((await (await knock(`${box.base}/api/v1/office_holder`)).json()).items).includes(await account('ding')))
  ok('at the district, too', await synced(async () => (await (await knock(`${district.base}/api/v1/office_holder?region=330106005055&role=party`)).json()).items?.length === 1))

  // ---- a role is held where it was given
  const boss = (await clerk('GET', '/membership?role=clerk')).body.items.find(m => m.region === '330106000000')
  const other = await admin('POST', '/membership', { account: boss.f.account, home: office, role: 'supervisor', starts: today })
  const active = await committee('POST', `/membership/${other.body.id}/steps`, { action: 'grant' })
  await synced(async () => (await clerk('GET', `/membership/${other.body.id}`)).body.state === 'active')
  await new Promise(done => setTimeout(done, 2100)) // how long roles are remembered
  ok('which is none at the district', active.status === 200 && !(await clerk('GET', '/session')).body.roles.includes('supervisor'), JSON.stringify(active.body))

  // ---- the end of an office
  const over = await clerk('POST', `/membership/${seat.body.id}/steps`, { action: 'end' })
  ok('the district ends it', over.status === 200)
  ok('in the community, too, and on the page of everybody', await synced(async () => !(await ding('GET', '/session')).body.roles.includes('party')) &&
    await come(async () => (await (await knock(`${box.base}/api/v1/office_holder?role=party`)).json()).items.length === 0))

  // ---- the reporter's contact goes up with the ticket, to whoever takes it there, and is taken back
  const category = (await committee('POST', '/category', { code: 'letter', name: '来信', handler: office, tier: 'community', accept_hours: 8, done_hours: 72 })).body.id
  run(['user', 'add', '--dir', district.dir, '--login', 'second', '--role', 'clerk', '--home', (await clerk('POST', '/home', { kind: 'government', name: '另一部门' })).body.id], 'linli-second\n')
  const second = await client(district.base, 'second')
  const eva = await client(box.base, 'eva')
  const step = (who, id, action, more = {}) => who('POST', `/ticket/${id}/steps`, { action, note: '说明', ...more })
  const letter = (await eva('POST', '/ticket', { kind: 'complaint', category, title: '噪声', body: '夜里施工', contact: '14212345678' })).body.id
  const up = await step(committee, letter, 'escalate')
  ok('a complaint goes up', up.status === 200, JSON.stringify(up.body))
  const release = (await committee('GET', `/contact_release?ticket=${letter}`)).body.items[0]
  ok('its contact with it, masked, on record', release.f.contact === '142****5678' && release.state === 'released' &&
    (await supervisor('GET', `/audit?action=release`)).body.items.some(a => a.f.object === release.id))
  ok('the ticket arrives, without the contact', await synced(async () => (await clerk('GET', `/ticket/${letter}`)).body.f?.body === '夜里施工') && !('contact' in (await clerk('GET', `/ticket/${letter}`)).body.f))
  const unmask = who => who('POST', `/contact_release/${release.id}/unmask`, { fields: ['contact'], purpose: 'ticket' })
  ok('before somebody there takes it nobody reads the contact', (await unmask(clerk)).status === 404 && (await unmask(second)).status === 404)
  ok('a clerk takes it', (await step(clerk, letter, 'handle')).status === 200)
  const shown = await clerk('GET', `/ticket/${letter}/related`)
  ok('and sees on its page that the contact is there', shown.body.groups.some(g => g.collection === 'contact_release' && g.items.length === 1), JSON.stringify(shown.body))
  ok('he reads it with a purpose', (await unmask(clerk)).body?.fields?.contact === '14212345678', JSON.stringify((await unmask(clerk)).body))
  const districtAdmin = await client(district.base, 'admin')
  ok('on record at the district', (await districtAdmin('GET', '/audit?action=unmask')).body.items.some(a => a.f.object === release.id))
  ok('another department does not', (await unmask(second)).status === 404)
  const page = await open(360, 640)
  await login(page, district.base, 'clerk')
  await page.goto(`${district.base}/contact_release/${release.id}`)
  await page.waitForSelector('main h1')
  ok('its page fits a phone', (await findings(page)).length === 0, (await findings(page)).join(' | '))
  ok('answered, it leaves the district', (await step(clerk, letter, 'reply')).status === 200 && (await unmask(clerk)).status === 404)
  ok('and the community sees that it was taken back', await synced(async () => { const r = (await committee('GET', `/contact_release/${release.id}`)).body; return r.state === 'ended' && r.f.ended_at > 0 }))

  // ---- an emergency reading: two office holders, on record, for some hours
  const secret = await eva('POST', '/ticket', { kind: 'petition', category, title: '信访', body: '有人威胁我', contact: '14212345678' })
  const firm = (await committee('POST', '/home', { kind: 'property', name: '物业' })).body.id
  ok('the letter is at another home', (await step(committee, secret.body.id, 'accept')).status === 200 && (await step(committee, secret.body.id, 'assign', { to_home: firm })).status === 200)
  run(['user', 'add', '--dir', box.dir, '--login', 'party', '--role', 'party', '--home', firm], 'linli-party\n')
  run(['user', 'add', '--dir', box.dir, '--login', 'third', '--role', 'committee', '--home', (await committee('POST', '/home', { kind: 'committee', name: '居委会二组' })).body.id], 'linli-third\n')
  const third = await client(box.base, 'third')
  const body = async who => (await who('GET', `/ticket/${secret.body.id}`)).body.f?.body
  ok('an office holder who is no party of it sees the outline', await body(third) === undefined && (await third('GET', `/ticket/${secret.body.id}`)).body.outline === true && (await third('GET', `/ticket/${secret.body.id}`)).body.masked.length === 0)
  const plain = await eva('POST', '/ticket', { kind: 'event', category, title: '路灯', body: '不亮' })
  ok('what is no matter of parties is not opened this way', says(await third('POST', '/emergency_reading', { target: plain.body.id, reason: '看看' }), '不是仅限当事人', 'not for named parties'))
  ok('nor what is not there', says(await third('POST', '/emergency_reading', { no: 'T330106005055-260101-A999', reason: '看看' }), '没有这条记录', 'no such record'))
  const reader = await open(1440, 900)
  await login(reader, box.base, 'third')
  await reader.goto(`${box.base}/ticket/${secret.body.id}`)
  await reader.click(`a[href="/emergency_reading/new?no=${secret.body.f.no}"]`)
  await reader.waitForSelector('form')
  ok('the page of the outline leads to asking for it, which fits a desk', (await findings(reader)).length === 0, (await findings(reader)).join(' | '))
  const asked = await third('POST', '/emergency_reading', { no: secret.body.f.no, reason: '人身安全', hours: 2 })
  ok('he asks, with the number and the reason', asked.status === 201 && asked.body.f.target === secret.body.id, JSON.stringify(asked.body))
  const confirm = who => who('POST', `/emergency_reading/${asked.body.id}/steps`, { action: 'confirm' })
  ok('and cannot confirm it himself', (await confirm(third)).status === 403 && await body(third) === undefined)
  ok('nor can a worker or the supervisor', (await confirm(worker)).status >= 403 && (await confirm(supervisor)).status === 403)
  await login(page, box.base, 'committee')
  await page.goto(`${box.base}/`)
  await page.click(`a[href="/emergency_reading/${asked.body.id}"]`)
  await page.waitForSelector('main h1')
  ok('it waits on the first screen of another, and its page fits a phone', (await findings(page)).length === 0, (await findings(page)).join(' | '))
  const open2 = await confirm(committee)
  ok('who confirms it', open2.status === 200 && open2.body.state === 'open' && Math.abs(open2.body.f.until - Date.now() - 2 * 36e5) < 60000, JSON.stringify(open2.body))
  await reader.goto(`${box.base}/ticket/${secret.body.id}`)
  ok('both read it then, on the page, too', await come(async () => { await reader.reload(); return reader.waitForSelector('main >> text=有人威胁我', { timeout: 3000 }).then(() => true, () => false) }, 15))
  ok('both read it then', await come(async () => await body(third) === '有人威胁我'))
  ok('each reading is on record', (await supervisor('GET', '/audit?action=emergency')).body.items.some(a => a.f.object === secret.body.id && a.f.purpose === 'emergency'))
  ok('what is masked stays masked', (await third('POST', `/ticket/${secret.body.id}/unmask`, { fields: ['contact'], purpose: 'emergency' })).status === 403)
  ok('nobody else reads it', await body(ding) === undefined)
  // one that was confirmed an hour ago for an hour
  const me = (await third('GET', '/session')).body.account.id
  const id = newId(36e5)
  const lines = [{ f: { target: secret.body.id, reason: '旧', hours: 1, asked_by: me, until: Date.now() + 7000 }, i: id, o: 'add', t: 'emergency_reading@1' },
    { f: { action: 'confirm', to: 'open' }, i: newId(36e5), o: 'step', r: id, t: 'emergency_reading@1' }]
  ok('the supervisor may end it early', (await supervisor('POST', `/emergency_reading/${asked.body.id}/steps`, { action: 'end' })).status === 200 && await come(async () => await body(third) === undefined))
  fs.writeFileSync(`${dir}/reading.jsonl`, lines.map(canon).join('\n') + '\n')
  run(['load', '--dir', box.dir, '--collection', 'emergency_reading', `${dir}/reading.jsonl`])
  const seen = await come(async () => await body(third) === '有人威胁我', 6)
  ok('else it ends by itself', seen && await come(async () => await body(third) === undefined && (await third('GET', `/emergency_reading/${id}`)).body.state === 'ended'), String(seen))

  // a conversation is opened with its messages
  const talk = await eva('POST', '/thread', { kind: 'direct', subject: '私事', members: [await account('ding')] })
  await eva('POST', '/message', { thread: talk.body.id, body: '不要告诉别人' })
  const reads = async () => (await third('GET', `/message?thread=${talk.body.id}`)).body.items?.map(m => m.f.body) ?? []
  ok('a conversation is for those in it', (await third('GET', `/thread/${talk.body.id}`)).status === 404 && (await reads()).length === 0)
  const wish = await third('POST', '/emergency_reading', { target: talk.body.id, reason: '人身安全' })
  await committee('POST', `/emergency_reading/${wish.body.id}/steps`, { action: 'confirm' })
  ok('unless two opened it', await come(async () => (await reads()).includes('不要告诉别人')), JSON.stringify(await third('GET', `/message?thread=${talk.body.id}`)))

  await login(page, district.base, 'clerk')
  await page.goto(`${district.base}/membership/${seat.body.id}`)
  await page.waitForSelector('main h1')
  ok('the page of a role fits a phone', (await findings(page)).length === 0, (await findings(page)).join(' | '))
} catch (e) {
  ok('offices', false, e.stack.slice(0, 900))
}
await end()
