// A real browser on a real node: log in, publish, find it, and look at every page at both sizes.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
const { chromium } = createRequire(path.resolve('tests/package.json'))('playwright-core')

const linli = path.resolve('build/linli')
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'linli-browser.'))
const port = Number(process.env.PORT0 ?? 18650) + 80
const base = `http://127.0.0.1:${port}`
let passed = 0
let failed = 0
const ok = (what, good, why = '') => {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what} ${good ? '' : why}`)
}
const run = (args, input) => {
  const r = spawnSync(linli, args, { input, encoding: 'utf8', timeout: 60000 })
  if (r.status !== 0) throw new Error(`linli ${args[0]}: ${r.stderr}`)
}
run(['init', '--dir', `${dir}/n`, '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区', '--root'])
for (const role of ['committee', 'worker', 'resident'])
  run(['user', 'add', '--dir', `${dir}/n`, '--login', role, '--role', role], `linli-${role}\n`)
const log = fs.openSync(`${dir}/log`, 'a')
const node = spawn(linli, ['serve', '--dir', `${dir}/n`, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', log, log] })
for (let i = 0; i < 100; i++) {
  if (await fetch(`${base}/sync/v1/hello`).then(r => r.ok, () => false)) break
  await new Promise(done => setTimeout(done, 100))
}
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
const wrong = []
async function open(width, height) {
  const page = await (await browser.newContext({ viewport: { width, height }, locale: 'zh-CN' })).newPage()
  page.on('pageerror', e => wrong.push(e.message))
  page.on('console', m => { if (m.type() === 'error' && !/40[13]|status of 4/.test(m.text())) wrong.push(m.text()) })
  page.setDefaultTimeout(10000)
  return page
}
async function login(page, who) {
  await page.goto(`${base}/login`)
  await page.fill('input[autocomplete=username]', who)
  await page.fill('input[type=password]', `linli-${who}`)
  await page.keyboard.press('Enter')
  await page.waitForSelector(`text=退出 · ${who}`)
}
try {
  const page = await open(1440, 900)
  await page.goto(base)
  await page.waitForSelector('text=登录')
  ok('a guest sees the front page', await page.title() === '邻里')
  await login(page, 'committee')
  ok('a login with the right password gets in', true)
  await page.goto(`${base}/news/new`)
  await page.fill('#f-title', '浏览器发的新闻')
  await page.fill('#f-body', '用真正的浏览器')
  await page.selectOption('#f-section', { index: 1 })
  await page.selectOption('#f-level', 'community')
  await page.click('button:has-text("保存")')
  await page.waitForSelector('h1:has-text("浏览器发的新闻")')
  ok('a form is saved and shown', true)
  await page.click('button:has-text("发布")')
  await page.waitForSelector('.chip:has-text("已发布")')
  ok('a step changes the state', true)
  await page.click('section:has(h2:has-text("变更记录")) button')
  await page.waitForSelector('ol li:has-text("发布")')
  ok('history tells it in words', (await page.locator('ol li').count()) >= 2)
  await page.goto(`${base}/person/new`)
  await page.fill('#f-id_no', '330106199001011234')
  await page.fill('#f-name', '李邻里')
  await page.selectOption('#f-id_type', '111')
  await page.selectOption('#f-kind', 'local')
  await page.click('button:has-text("保存")')
  await page.waitForSelector('text=校验位不符')
  ok('a wrong check digit is named at its field', await page.getAttribute('#f-id_no', 'aria-invalid') === 'true')
  ok('the strip tells the state of the sync', (await page.textContent('.strip')).includes('独立运行'))

  const guest = await open(360, 640)
  await guest.goto(base)
  await guest.waitForSelector('text=浏览器发的新闻')
  ok('a guest on a phone reads what was published', true)
  await login(guest, 'resident')
  for (const where of ['/', '/news', '/ticket', '/ticket/new', '/search']) {
    await guest.goto(base + where)
    await guest.waitForSelector('h1')
    const wide = await guest.evaluate(() => document.documentElement.scrollWidth)
    ok(`${where} fits 360 pixels`, wide <= 360, `${wide}`)
  }
  await guest.click('button:has-text("长辈模式")')
  ok('elder mode makes the text larger', parseFloat(await guest.evaluate(() => getComputedStyle(document.documentElement).fontSize)) > 20)
  await guest.goto(`${base}/search`)
  await guest.fill('input[type=search]', '浏览器')
  await guest.waitForSelector('main li a:has-text("浏览器发的新闻")')
  ok('Chinese full text finds it', true)
  await guest.click('button:has-text("English")')
  ok('and in English', (await guest.textContent('.nav')).includes('Home'))
  ok('no page threw or logged an error', wrong.length === 0, wrong.slice(0, 3).join(' | '))
} catch (e) {
  ok('the tour', false, e.message.slice(0, 400))
}
await browser.close()
node.kill('SIGTERM')
await new Promise(done => node.on('exit', done))
fs.rmSync(dir, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
