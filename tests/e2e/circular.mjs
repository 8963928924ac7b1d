// A district writes to chosen regions, and a community to its district, over four levels: signing, replies and reading counts travel up;
// a community that was not chosen holds nothing of it.
import { client, end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'

const port = Number(process.env.PORT0 ?? 18650) + 340
const often = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^stats_every_s = .*/m, 'stats_every_s = 5').replace(/^sync_every_s = .*/m, 'sync_every_s = 2'))
const get = async (who, where) => (await who('GET', where)).body
const post = async (who, where, body) => {
  const r = await who('POST', where, body)
  if (r.status > 201) throw new Error(`${where} ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body)}`)
  return r.body
}
const come = async (what, seconds = 30) => {
  for (const stop = Date.now() + seconds * 1000; Date.now() < stop;) {
    const v = await Promise.resolve(what()).catch(() => null)
    if (v) return v
    await new Promise(done => setTimeout(done, 200))
  }
  return null
}
const more = { prepare: often }

try {
  const province = await startNode('浙江省', port, '330000000000', 'province', ['province'], undefined, more)
  const district = await startNode('西湖区', port + 3, '330106000000', 'district', ['clerk'], province, more)
  const street = await startNode('翠苑街道', port + 6, '330106005000', 'subdistrict', ['clerk'], district, more)
  const one = await startNode('翠苑一区社区', port + 9, '330106005055', 'community', ['committee', 'worker'], street, more)
  const two = await startNode('翠苑二区社区', port + 12, '330106005056', 'community', ['committee'], street, more)
  const clerk = await client(district.base, 'clerk')
  const first = await client(one.base, 'committee')
  const worker = await client(one.base, 'worker')
  const second = await client(two.base, 'committee')

  const wrong = await clerk('POST', '/circular', { title: 'x', targets: ['330108001001'] })
  ok('a region of another district is refused in words', wrong.status === 422 && JSON.stringify(wrong.body).includes('区划代码'), JSON.stringify(wrong.body))
  ok('one without receivers and regions, too', (await clerk('POST', '/circular', { title: 'x' })).status === 422)
  const nobody = await post(clerk, '/circular', { title: '给没有接入的社区', targets: ['330106001051'] })
  const refused = await clerk('POST', `/circular/${nobody.id}/steps`, { action: 'issue' })
  ok('a region where nobody answers is named when it is issued', refused.status === 422 && JSON.stringify(refused.body).includes('330106001051'), JSON.stringify(refused))

  // --- the clerk writes it on her screen
  const desk = await open(1440, 900)
  await login(desk, district.base, 'clerk')
  await desk.click('a:has-text("发文到社区")')
  await desk.fill('#f-title', '冬季安全检查')
  await desk.fill('#f-body', '请于本周内完成')
  await desk.selectOption('#f-level', 'urgent')
  await desk.fill('#f-targets', '翠苑一区')
  await desk.click('[role=option] button:has-text("翠苑一区社区")')
  ok('a region is chosen by two characters of its name', await shows(desk, 'li:has-text("翠苑一区社区") button:has-text("移除"), li:has-text("翠苑一区社区") button[aria-label]'))
  await look(desk, 'a circular being written')
  await desk.click('main form button.primary:has-text("发出")')
  ok('its table says where it went', await shows(desk, '#delivery td:has-text("在途"), #delivery td:has-text("待签收")'))
  await look(desk, 'a circular under way')
  const c = { id: desk.url().split('/').pop() }
  const there = await come(async () => (await get(first, '/dispatch')).items[0])
  ok('it reaches the chosen community through the subdistrict', there && there.title.includes('冬季安全检查') && there.state === 'arrived', JSON.stringify(there))
  ok('on the first screen of its committee', JSON.stringify(await get(first, '/screen?role=committee')).includes('冬季安全检查'))
  const delivery = async () => (await get(clerk, `/circular/${c.id}`)).f.delivery
  ok('the district sees that it has come', await come(async () => (await delivery())[0].state === 'arrived'), JSON.stringify(await delivery()))
  await get(worker, `/dispatch/${there.id}`)
  const phone = await open(360, 640)
  await login(phone, one.base, 'committee')
  await phone.goto(`${one.base}/dispatch/${there.id}`)
  await phone.click('[aria-label="下一步"] button:has-text("签收")')
  ok('no warning of a wider circle where there is none', !(await phone.isVisible('.warn')))
  await look(phone, 'a dispatch being received')
  await phone.click('button:has-text("确定签收")')
  ok('signing travels up', await come(async () => { const d = (await delivery())[0]; return d.state === 'received' && d.received_at > 0 }), JSON.stringify(await delivery()))
  ok('the reading count, too', await come(async () => ((await get(clerk, `/dispatch/${there.id}`)).reading || {}).total >= 1), JSON.stringify((await get(clerk, `/dispatch/${there.id}`)).reading))
  ok('the district does not sign for a community', (await clerk('POST', `/dispatch/${there.id}/steps`, { action: 'finish', add: { body: 'x' } })).status === 403)
  await post(clerk, '/dispatch_note', { dispatch: there.id, body: '检查包括电动车充电棚' })
  const notes = async who => (await get(who, `/dispatch_note?dispatch=${there.id}`)).items.map(i => i.f.body)
  ok('what the district answers reaches that community', await come(async () => (await notes(first)).includes('检查包括电动车充电棚')), JSON.stringify(await notes(first)))
  await post(clerk, '/dispatch_note', { dispatch: there.id, body: '请抓紧', remind: true })
  await post(first, `/dispatch/${there.id}/steps`, { action: 'finish', add: { body: '已查 12 处' } })
  ok('what the community did is told above', await come(async () => (await delivery())[0].state === 'done' && (await notes(clerk)).includes('已查 12 处')), JSON.stringify(await notes(clerk)))
  await desk.reload()
  ok('the district reads it in its table', await shows(desk, '#delivery td:has-text("已办结")'))
  await look(desk, 'a circular that was done')
  await desk.setViewportSize({ width: 360, height: 640 })
  await look(desk, 'a circular on a phone')
  const volumes = n => fs.readdirSync(`${n.dir}/log`).filter(l => l.startsWith('330106005000')).flatMap(l => fs.readdirSync(`${n.dir}/log/${l}`).map(v => `${n.dir}/log/${l}/${v}`))
  const sealed = n => volumes(n).map(v => { // sealed files of the subdistrict that this node holds
    const git = (...args) => spawnSync('git', ['-C', v, ...args], { encoding: 'utf8' }).stdout
    return git('cat-file', '--batch-check', '--batch-all-objects').split('\n').filter(l => l.includes(' blob ') && !git('cat-file', 'blob', l.split(' ')[0]).startsWith('{')).length
  }).reduce((a, b) => a + b, 0)
  ok('the chosen community holds the file it came in', await come(() => sealed(one) > 0), String(sealed(one)))
  ok('its neighbour, of the same subdistrict, holds no sealed file of it at all', sealed(two) === 0, String(sealed(two)))
  ok('a community that was not chosen has no record of it', (await get(second, '/dispatch')).items.length === 0 && (await get(second, '/dispatch_note')).items.length === 0)

  // --- a whole subdistrict is chosen
  const all = await post(clerk, '/circular', { title: '给全街道', targets: ['330106005000'] })
  await post(clerk, `/circular/${all.id}/steps`, { action: 'issue' })
  ok('a subdistrict stands for its communities', await come(async () => JSON.stringify((await get(second, '/dispatch')).items).includes('给全街道') && JSON.stringify((await get(first, '/dispatch')).items).includes('给全街道')))
  const table = async () => (await get(clerk, `/circular/${all.id}`)).f.delivery
  ok('its table shows each', await come(async () => (await table()).length === 3 && (await table()).every(d => d.state === 'arrived')), JSON.stringify(await table()))

  // --- from the province
  const chief = await client(province.base, 'province')
  const high = await post(chief, '/circular', { title: '省里来文', targets: ['330106005056'] })
  await post(chief, `/circular/${high.id}/steps`, { action: 'issue' })
  const low = await come(async () => (await get(second, '/dispatch')).items.find(i => i.title.includes('省里来文')))
  ok('a province writes to one community', low !== null)
  await post(second, `/dispatch/${low.id}/steps`, { action: 'receive' })
  await post(second, `/dispatch/${low.id}/steps`, { action: 'finish', add: { body: '照办' } })
  ok('and gets its answer', await come(async () => (await get(chief, `/circular/${high.id}`)).f.delivery[0].state === 'done' && (await get(chief, `/dispatch_note?dispatch=${low.id}`)).items[0].f.body === '照办'))

  // --- a conversation that a community begins
  const report = await post(first, '/dispatch', { title: '请示：增设充电桩', body: '居民要求' })
  ok('a report reaches the district', await come(async () => (await clerk('GET', `/dispatch/${report.id}`)).status === 200))
  await post(clerk, `/dispatch/${report.id}/steps`, { action: 'receive' })
  await post(clerk, '/dispatch_note', { dispatch: report.id, body: '同意，先报点位' })
  ok('its answer comes back', await come(async () => JSON.stringify((await get(first, `/dispatch_note?dispatch=${report.id}`)).items).includes('先报点位')))
  ok('and to nobody else', (await second('GET', `/dispatch/${report.id}`)).status === 404)
  for (const n of [one, two, street, district, province]) {
    const r = run(['verify', '--dir', n.dir])
    ok(`${n.dir.split('/').pop()}: nothing wrong in its logs`, /0 处|0 wrong/.test(r), r)
  }
} catch (e) { ok(e.stack, false) }
await end()
