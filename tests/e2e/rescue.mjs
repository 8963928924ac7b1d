// A laptop's work is provisional until its box signs for it; what it wrote before it was revoked, and handed in late, is looked through
// and taken over; the restore drill is run from the page of nodes, with the key on paper; a dead box is replaced step by step.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { client, dir, end, login, look, must, ok, open, run, shows, startNode, until } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 210
const slow = { prepare: at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^sync_soon_ms = .*/m, 'sync_soon_ms = 600000')
  .replace(/^sync_every_s = .*/m, 'sync_every_s = 86400')) }
try {
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
  const box = await startNode('翠苑一区社区', port + 3, '330106005055', 'community', ['committee', 'admin', 'worker'], district)
  const field = await startNode('外勤一号', port + 6, '330106005055', 'laptop', [], box, { invite: ['--grid', '01'], ...slow })
  const committee = await client(box.base, 'committee')
  const worker = (await committee('GET', '/account?login=worker')).body.items[0].id
  run(['user', 'add', '--dir', field.dir, '--login', 'worker', '--role', 'worker', '--account', worker], 'linli-worker\n')
  run(['sync', '--dir', field.dir])

  const phone = await open(360, 640)
  const desk = await open(1440, 900)

  // ---- the drill
  run(['sync', '--dir', box.dir])
  await login(desk, box.base, 'committee')
  await desk.goto(`${box.base}/devices`)
  await desk.fill('#d-key', 'AGE-SECRET-KEY-1WRONG')
  await desk.click('button:has-text("开始演练")')
  ok('a key that is none is refused in words', await shows(desk, '[aria-label="恢复演练"] [role=alert]'))
  await desk.fill('#d-key', box.init.match(/AGE-SECRET-KEY-1[0-9A-Z]+/)[0])
  await desk.click('button:has-text("开始演练")')
  ok('the drill proves that all would come back', await shows(desk, '[aria-label="恢复演练"] [role=status] li:has-text("摘要与本节点一致")'))
  ok('with how many records', await desk.evaluate(() => /恢复 [1-9]\d* 条记录/.test(document.querySelector('[aria-label="恢复演练"]').textContent)))
  await look(desk, '1440 after the drill')
  ok('nothing of it stays', !fs.readdirSync(box.dir).some(f => /drill/.test(f)))
  // ---- provisional
  await login(phone, field.base, 'worker')
  const someone = name => ({ name, id_type: '990', id_no: name, kind: 'local', _keep: { id_no: '样例' } })
  const first = (await must(phone, 'POST', '/person', someone('沈一')))
  ok('what a laptop saves is provisional', first.provisional === true)
  await phone.goto(`${field.base}/person/${first.id}`)
  ok('its page says so, and until when', await shows(phone, '.chip:has-text("暂定，待社区签收")'))
  await look(phone, '360 provisional')
  ok('so does the list', (await must(phone, 'GET', '/person')).items[0].provisional === true)
  run(['sync', '--dir', field.dir])
  ok('the box has signed for it', (await must(phone, 'GET', `/person/${first.id}`)).provisional === false)
  await phone.reload()
  await phone.waitForSelector('h1')
  ok('and the mark is gone', await phone.waitForSelector('.chip:has-text("暂定")', { state: 'detached' }).then(() => true, () => false))
  ok('at the box it never was the laptop\'s to wait for', (await committee('GET', `/person/${first.id}`)).body.f.name === '沈一')

  // ---- late work
  await must(phone, 'POST', '/person', someone('沈二'))
  const laptop = (await committee('GET', '/nodes')).body.items.find(n => n.role === 'laptop')
  ok('the laptop is revoked before it comes', (await committee('POST', `/nodes/${laptop.node}/revoke`, { confirm: laptop.node.slice(-4) })).status === 200)
  let refused = ''
  try { run(['sync', '--dir', field.dir]) } catch (e) { refused = e.message }
  ok('it may not hand it in', /revoked/.test(refused), refused)
  run(['export', '--dir', field.dir, `${dir}/stick`])
  const carried = await open(360, 640)
  await login(carried, box.base, 'committee')
  const sticks = async () => {
    await carried.goto(`${box.base}/sticks`)
    await carried.setInputFiles('input[accept=".tar"]', `${dir}/stick.tar`)
  }
  spawnSync('tar', ['--format=ustar', '-cf', `${dir}/stick.tar`, '-C', `${dir}/stick`, '.'])
  await sticks()
  ok('its stick is named as that of a revoked node, which may be looked at', await shows(carried, 'section:has-text("写它的节点已被吊销") button:has-text("读入查看")'))
  await look(carried, '360 the stick of a revoked laptop')
  await carried.click('button:has-text("读入查看")')
  ok('what it holds is shown in words', await shows(carried, '[aria-label="迟到的工作"] li:has-text("姓名: 沈二")'))
  await look(carried, '360 late work on a stick')
  const late = (await committee('GET', `/nodes/${laptop.node}/late`)).body
  ok('what it brings on a stick counts for nothing yet', late.takable === 1 && (await committee('GET', `/person/${late.items[0].record}`)).status === 404, JSON.stringify(late))
  await desk.goto(`${box.base}/devices`)
  const card = '[aria-label="外勤一号"]'
  await desk.click(`${card} button:has-text("迟到的工作")`)
  ok('it is looked through on the page', await shows(desk, `${card} [aria-label="迟到的工作"] li:has-text("居民")`))
  await look(desk, '1440 late work')
  await desk.fill(`${card} form input`, 'nope')
  await desk.click(`${card} button:has-text("采纳")`)
  ok('taking it over asks for the end of the id', await shows(desk, `${card} [role=alert]`))
  await desk.fill(`${card} form input`, laptop.node.slice(-4))
  await desk.click(`${card} button:has-text("采纳")`)
  ok('then it is taken over', await shows(desk, `${card} [role=status]:has-text("已采纳")`))
  const now = await committee('GET', `/person/${late.items[0].record}`)
  ok('with the sealed fields, whose keys came beside it', now.body.f?.name === '沈二', JSON.stringify(now.body))
  await sticks()
  await carried.click('button:has-text("读入查看")')
  ok('the same stick once more says that all of it is known', await shows(carried, '[aria-label="迟到的工作"] li:has-text("已有")') && !(await carried.isVisible('form:has-text("采纳")')))
  ok('and counts, as its author\'s', now.status === 200 && (await committee('GET', `/person/${now.body.id}/history`)).body.items[0].user === worker)
  run(['sync', '--dir', box.dir])
  const drill = JSON.parse(run(['restore', '--dir', box.dir, '--drill', '--json'], box.init.match(/AGE-SECRET-KEY-1[0-9A-Z]+/)[0]))
  ok('what the laptop wrote would come back, too, with the paper alone', drill.differing === 0 && drill.keys_missing === 0 && drill.waiting === 0, JSON.stringify(drill))
  ok('a worker may not', (await (await client(box.base, 'worker'))('GET', `/nodes/${laptop.node}/late`)).status === 403)

  const other = await open(360, 640)
  await login(other, box.base, 'admin')
  await other.goto(`${box.base}/devices`)
  ok('the last drill is remembered', await shows(other, '[aria-label="恢复演练"] p:has-text("成功")'))
  await look(other, '360 the drill')
  await login(other, district.base, 'clerk')
  await other.goto(`${district.base}/devices`)
  ok('a root has nobody to restore from', await other.waitForSelector('[aria-label="翠苑一区社区"]').then(() => other.$('#d-key')) === null)
  await other.click('[aria-label="翠苑一区社区"] button:has-text("更换损坏的盒子")')
  ok('a dead box is replaced by a list of steps', await shows(other, 'ol[aria-label="更换损坏的盒子"] code:has-text("linli restore")'))
  await look(other, '360 replacing a box')
} catch (e) {
  ok('the rescue', false, e.stack.slice(0, 700))
}
await end()
