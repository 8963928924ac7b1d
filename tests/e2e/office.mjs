// Offices over the link: a community proposes, a clerk of the district grants, everybody sees who holds one; and what is for few eyes
// goes up, or is read, only as two people and a log want it.
import { client, end, findings, login, must, ok, open, run, startNode } from './lib-browser.mjs'

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
  const who = await come(async () => (await (await fetch(`${box.base}/api/v1/office_holder?role=party`)).json()).items?.some(x => x.f.holder === '丁书记' && x.f.title === '书记'))
  ok('everybody reads who holds the office, without the account', who && !JSON.stringify((await (await fetch(`${box.base}/api/v1/office_holder`)).json()).items).includes(await account('ding')))
  ok('at the district, too', await synced(async () => (await (await fetch(`${district.base}/api/v1/office_holder?region=330106005055&role=party`)).json()).items?.length === 1))

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
    await come(async () => (await (await fetch(`${box.base}/api/v1/office_holder?role=party`)).json()).items.length === 0))

  const page = await open(360, 640)
  await login(page, district.base, 'clerk')
  await page.goto(`${district.base}/membership/${seat.body.id}`)
  await page.waitForSelector('main h1')
  ok('the page of a role fits a phone', (await findings(page)).length === 0, (await findings(page)).join(' | '))
  await must(page, 'GET', '/membership?role=party')
} catch (e) {
  ok('offices', false, e.stack.slice(0, 900))
}
await end()
