// A report's whole life in real browsers: filed on a phone with a photo, escalated, handled at the district with a photo of the work,
// answered, rated; each page at its size without a finding of axe.
import fs from 'node:fs'
import { dir, end, login, look, must, ok, open, png, run, shows, startNode } from './lib-browser.mjs'

fs.writeFileSync(`${dir}/lamp.png`, png(2400, 1800, [200, 40, 40], 48))
fs.writeFileSync(`${dir}/done.png`, png(600, 400, [40, 160, 40]))

const port = Number(process.env.PORT0 ?? 18650) + 84
const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'])
const community = await startNode('翠苑一区社区', port + 3, '330106005055', 'community', ['committee', 'worker', 'resident'], district)

async function step(page, name, what = {}) {
  await page.click(`[aria-label="下一步"] button:has-text("${name}")`)
  if (what.file) await page.setInputFiles('#s-result_files', what.file)
  if (what.file) await page.waitForSelector('form .files li')
  if (what.note) await page.fill(`form[aria-label="${name}"] > label textarea`, what.note)
  if (what.look) await look(page, what.look)
  await page.click(`button:has-text("确定${name}")`)
}
const chip = (page, state) => page.waitForSelector(`.chip:has-text("${state}")`)
const seen = (page, alt) => page.waitForFunction(name => [...document.querySelectorAll('.files img')]
  .some(i => i.alt === name && i.complete && i.naturalWidth > 0), alt)
const large = (page, width) => page.waitForFunction(most => [...document.querySelectorAll('.dialog .large')].some(i => i.naturalWidth > 0 && (most > 320 ? i.naturalWidth === most : i.naturalWidth <= most)), width)
/** Syncs and reloads until it is there. */
async function arrives(page, address, selector) {
  for (let i = 0; i < 40; i++) {
    run(['sync', '--dir', community.dir])
    await page.goto(address)
    await page.waitForSelector('h1')
    if (await page.waitForSelector(selector, { timeout: 1000 }).then(() => true, () => false)) return true
  }
  return false
}

try {
  const desk = await open(1440, 900)
  await login(desk, community.base, 'committee')
  await desk.evaluate(async () => {
    const get = async p => (await fetch('/api/v1' + p)).json()
    const home = (await get('/membership?limit=1')).items[0].f.home
    await fetch('/api/v1/category', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ code: 'lamp',
      name: '路灯损坏', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 }) })
  })

  const phone = await open(360, 640)
  await login(phone, community.base, 'resident')
  await phone.click('main a:has-text("报事")')
  await phone.fill('#f-title', '三幢门口路灯不亮')
  await phone.reload()
  await phone.waitForSelector('text=已恢复上次没有提交的内容')
  ok('what was typed survives a reload', await phone.inputValue('#f-title') === '三幢门口路灯不亮')
  await phone.selectOption('#f-kind', 'event')
  await phone.fill('#f-category', '路灯')
  await phone.click('[role=option] button:has-text("路灯损坏")')
  await phone.fill('#f-body', '昨晚起不亮，老人出门看不清')
  await phone.setInputFiles('#f-files', `${dir}/lamp.png`)
  await phone.waitForSelector('form .files li:has-text("lamp.jpg")')
  ok('the photo is shrunk on the phone', !(await phone.textContent('form .files li')).includes('MB'))
  await look(phone, '360 filled form of a report')
  await phone.click('button:has-text("保存")')
  await seen(phone, 'lamp.jpg')
  await chip(phone, '已提交')
  ok('a report with a photo is filed', true)
  await look(phone, '360 a report')
  const where = new URL(phone.url()).pathname
  const [photo] = (await must(phone, 'GET', where)).f.files
  ok('with a small copy of it', photo.small && photo.small.size <= 24 * 1024 && photo.size > 2 * photo.small.size, JSON.stringify(photo))
  await phone.click('.files a')
  await large(phone, 1600)
  await look(phone, '360 a photo')
  await phone.keyboard.press('Escape')
  await phone.goto(community.base + '/ticket')
  await phone.waitForFunction(() => [...document.querySelectorAll('.stack .thumb')].some(i => i.naturalWidth > 0 && i.naturalWidth <= 320))
  ok('which opens the large one, and is what a list shows', true)
  await look(phone, '360 reports with a photo')
  await phone.goto(`${community.base}/ticket/new`)
  await phone.waitForSelector('#f-title')
  ok('and its draft is gone', await phone.inputValue('#f-title') === '')

  await login(desk, community.base, 'worker')
  await desk.goto(community.base + where)
  await step(desk, '受理')
  await chip(desk, '已受理')
  ok('a social worker accepts it', true)
  await step(desk, '上报', { note: '灯杆要区里换', look: '1440 escalation' })
  await chip(desk, '已上报')
  ok('and escalates it', true)

  const clerk = await open(1440, 900)
  await login(clerk, district.base, 'clerk')
  ok('it arrives at the district', await arrives(clerk, district.base + where, '.chip:has-text("已上报")'))
  await seen(clerk, 'lamp.jpg')
  ok('with its photo', true)
  const underway = r => r.fulfill({ status: 404, contentType: 'application/problem+json', body: '{"code":"not_here","zh":"没有找到","en":"Not found"}' })
  await clerk.route(`**/files/${photo.sha}`, underway)
  await clerk.click('.files a')
  await clerk.waitForSelector('.dialog:has-text("原图还在路上")')
  await large(clerk, photo.small && 320)
  await look(clerk, '1440 a photo that is still on its way')
  await clerk.unroute(`**/files/${photo.sha}`, underway)
  await large(clerk, 1600)
  await clerk.keyboard.press('Escape')
  ok('small, with a sentence, as long as the large one is on its way', true)
  await step(clerk, '办理', { file: `${dir}/done.png` })
  await chip(clerk, '处理中')
  await step(clerk, '答复', { note: '已更换灯杆', look: '1440 reply' })
  await chip(clerk, '已答复')
  ok('the clerk handles and answers it, with a photo', true)
  await look(clerk, '1440 report at the district')
  await clerk.goto(district.base + '/nodes')
  await clerk.waitForSelector('td:has-text("翠苑一区社区"), th:has-text("翠苑一区社区")')
  await look(clerk, '1440 table of communities')

  ok('the answer comes down', await arrives(phone, community.base + where, '.chip:has-text("已答复")'))
  await seen(phone, 'done.jpg')
  ok('with the photo of the work', true)
  await phone.click('[aria-label="下一步"] button:has-text("评价")')
  await phone.waitForSelector('#a-score')
  await look(phone, '360 rating')
  await phone.selectOption('#a-score', '5')
  await phone.fill('#a-text', '很快')
  await phone.click('button:has-text("是否解决：是")')
  await chip(phone, '已评价')
  ok('the resident rates it', true)
  await desk.goto(community.base + where)
  await step(desk, '办结')
  await chip(desk, '已办结')
  ok('and it is closed', true)
  await desk.goto(community.base + '/rating')
  await desk.waitForSelector('td:has-text("5")')
  await look(desk, '1440 ratings')
} catch (e) {
  ok('the whole life', false, e.message.slice(0, 600))
}
await end()
