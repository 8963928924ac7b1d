// The page of nodes and devices: an alarm is raised, told by SMS and on the first screen, taken note of, and over by itself with its
// trace; a laptop is enrolled, gets other grids, is revoked; keys are rotated. In real browsers, at both sizes.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { client, dir, end, login, look, must, ok, open, run, shows, startNode, until } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 150
const name = '翠苑一区社区'
const size = (what, n) => spawnSync('mount', ['-t', 'tmpfs', '-o', `${what}size=${n}`, 'tmpfs', `${dir}/${name}`]).status === 0
fs.mkdirSync(`${dir}/${name}`)
fs.mkdirSync(`${dir}/spool/outbox`, { recursive: true })
for (const f of ['inbox', 'sent', 'error']) fs.mkdirSync(`${dir}/spool/${f}`)
const small = size('', '500m')
const unmount = () => small && spawnSync('umount', ['-l', `${dir}/${name}`])
process.on('exit', unmount)
const set = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^alarm_every_s = .*/m, 'alarm_every_s = 1')
  .replace(/^sms_dir = .*/m, `sms_dir = ${dir}/spool`).replace(/^alarm_phones = .*/m, 'alarm_phones = 13800000001, 13800000002'))

try {
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
  const box = await startNode(name, port + 3, '330106005055', 'community', ['committee', 'admin', 'worker', 'supervisor'], district, { prepare: set })
  const admin = await client(box.base, 'admin')
  const alarms = async () => (await admin('GET', '/alarms')).body.items

  const desk = await open(1440, 900)
  const phone = await open(360, 640)
  await login(desk, box.base, 'committee')
  if (small) {
    ok('an alarm is raised by itself', await until(desk, async () => (await alarms()).some(a => a.code === 'disk' && !a.cleared_ms)))
    const texts = () => fs.readdirSync(`${dir}/spool/outbox`)
    ok('both telephones get an SMS', await until(desk, async () => texts().length === 2), texts().join(' '))
    await desk.goto(box.base)
    ok('it stands on the first screen', await shows(desk, '.urgent a[href="/devices"]:has-text("磁盘将满")'))
    await look(desk, '1440 first screen with an alarm')
    await login(phone, box.base, 'admin')
    await phone.goto(`${box.base}/devices`)
    ok('and on the page of nodes', await shows(phone, '[aria-label="节点告警"] li:has-text("磁盘将满")'))
    await look(phone, '360 nodes with an alarm')
    await phone.click('[aria-label="节点告警"] button:has-text("知道了")')
    await phone.fill('[aria-label="节点告警"] input', '已订新硬盘')
    await look(phone, '360 taking note')
    await phone.click('[aria-label="节点告警"] button:has-text("确定")')
    ok('whoever takes note stands beside it', await shows(phone, '.chip:has-text("admin 已知悉")') && await shows(phone, 'text=已订新硬盘'))
    await desk.goto(box.base)
    await desk.waitForSelector('h1')
    ok('then it leaves the first screen', await until(desk, async () => !(await must(desk, 'GET', '/screen?role=committee')).blocks.some(b => b.kind === 'alarms')))
    const same = (await alarms()).length
    await desk.waitForTimeout(1500)
    ok('it is not raised twice', (await alarms()).length === same && texts().length === 2)
    size('remount,', '4g')
    ok('when its cause is gone it is over', await until(desk, async () => (await alarms()).some(a => a.code === 'disk' && a.cleared_ms > 0)))
    await phone.reload()
    await phone.click('summary:has-text("近期已解除的告警")')
    ok('and stays as a trace, with who took note', await shows(phone, 'details li:has-text("已订新硬盘")'))
    await look(phone, '360 past alarms')
    ok('one that is over cannot be noted', (await admin('POST', `/alarms/${(await alarms()).find(a => a.code === 'disk').n}/ack`, { note: '' })).status === 404)
  } else console.log('skipped: no right to mount a small file system')
  ok('a worker sees no alarms', (await (await client(box.base, 'worker'))('GET', '/alarms')).status === 403)
  const supervisor = await client(box.base, 'supervisor')
  ok('a supervisor sees them and may not take note', (await supervisor('GET', '/alarms')).body.ack === false && (await supervisor('POST', '/alarms/1/ack', {})).status === 403)

  // ---- a laptop's life
  await desk.goto(`${box.base}/devices`)
  await desk.selectOption('#n-role', 'laptop')
  await desk.fill('#n-grids', '01,02')
  await desk.click('button:has-text("生成邀请码")')
  await desk.waitForSelector('svg.qr')
  await look(desk, '1440 enrolling')
  const code = (await desk.textContent('b.code')).trim()
  const laptop = `${dir}/laptop`
  run(['init', '--dir', laptop, '--region', '330106005055', '--role', 'laptop', '--name', '平板一'])
  run(['join', '--dir', laptop, '--parent', box.base, '--code', code])
  run(['sync', '--dir', laptop])
  await desk.reload()
  const card = '[aria-label="平板一"]'
  ok('a device that enrolled is listed with its grids', await shows(desk, `${card} dd:has-text("01 02")`))
  ok('and when it was heard of', await shows(desk, `${card} dt:has-text("最后联系") + dd:not(:has-text("从未"))`))
  await desk.click(`${card} button:has-text("更换网格")`)
  await desk.fill(`${card} input`, '02')
  await desk.click(`${card} button:has-text("确定")`)
  ok('it gets other grids', await shows(desk, `${card} dd:text-is("02")`))
  await desk.click('button:has-text("更换本节点的读者密钥")')
  ok('keys are rotated, and how many is said', await shows(desk, '[role=status]:has-text("把密钥")'))
  await desk.click('button:has-text("更换本节点自己的解密密钥")')
  ok('so is this node\'s own', await shows(desk, '[role=status]:has-text("新的解密密钥")') && await until(desk, async () => fs.existsSync(`${box.dir}/age.old`) || fs.existsSync(`${box.dir}/age.next`)))
  await desk.click(`${card} button:has-text("吊销")`)
  const id = (await desk.textContent(`${card} .wrap`)).trim()
  await desk.fill(`${card} input`, 'nope')
  await desk.click(`${card} button:has-text("确定")`)
  ok('revoking asks for the end of its id', await shows(desk, `${card} [role=alert]`))
  await look(desk, '1440 revoking')
  await desk.fill(`${card} input`, id.slice(-4))
  await desk.click(`${card} button:has-text("确定")`)
  ok('then it is revoked', await shows(desk, `${card} .chip:has-text("已吊销")`))
  let refused = ''
  try { run(['sync', '--dir', laptop]) } catch (e) { refused = e.message }
  ok('and gets nothing any more', /revoked/.test(refused), refused)

  // ---- the district's view
  run(['sync', '--dir', box.dir])
  await login(phone, district.base, 'clerk')
  await phone.goto(`${district.base}/devices`)
  for (const fact of ['最后联系', '最后签收', '已签收/已收', '摘要', '时钟差', '版本', '剩余磁盘', '冲突', '租期至'])
    ok(`the district sees of its community: ${fact}`, await shows(phone, `[aria-label="${name}"] dt:has-text("${fact}")`))
  await look(phone, '360 the district and its nodes')
} catch (e) {
  ok('the devices', false, e.stack.slice(0, 700))
}
unmount()
await end()
