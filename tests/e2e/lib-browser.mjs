// What browser tests share: nodes of their own, a real Chromium, axe, and every error a page logs.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { createRequire } from 'node:module'
const require = createRequire(path.resolve('tests/package.json'))
const { chromium } = require('playwright-core')
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const linli = path.resolve(process.env.LINLI ?? 'build/linli')
export const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'linli-browser.'))
const nodes = []
process.on('exit', () => nodes.forEach(n => n.kill('SIGTERM'))) // also when a test throws before its end
const pages = []
let passed = 0
let failed = 0
let browser
export const wrong = [] // what pages threw, logged as errors, or were kept from by their policy

export function ok(what, good, why = '') {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what} ${good ? '' : why}`)
}
export function run(args, input) {
  const r = spawnSync(linli, args, { input, encoding: 'utf8', timeout: 60000 })
  if (r.status !== 0) throw new Error(`linli ${args[0]}: ${r.stderr}`)
  return r.stdout
}
/** A node with logins named as their roles, passwords linli-<role>. */
export async function startNode(name, port, region, role, roles, parent, { invite = [], prepare } = {}) {
  const at = `${dir}/${name}`
  const base = `http://127.0.0.1:${port}`
  const init = run(['init', '--dir', at, '--region', region, '--role', role, '--name', name, ...(parent ? [] : ['--root'])])
  if (parent) {
    const code = run(['invite', '--dir', parent.dir, '--region', region, '--role', role, ...invite]).trim().split(/\s+/).pop()
    run(['join', '--dir', at, '--parent', parent.base, '--code', code])
  }
  if (prepare) prepare(at) // its configuration, before it is served
  const log = fs.openSync(`${dir}/${name}.log`, 'a')
  const child = spawn(linli, ['serve', '--dir', at, '--listen', `127.0.0.1:${port}`], { stdio: ['ignore', log, log] })
  nodes.push(child)
  for (let i = 0; i < 100; i++) {
    if (await fetch(`${base}/sync/v1/hello`).then(r => r.ok, () => false)) break
    await new Promise(done => setTimeout(done, 100))
  }
  for (const r of roles) run(['user', 'add', '--dir', at, '--login', r, '--role', r], `linli-${r}\n`)
  return { dir: at, base, child, init }
}
/** A node that a test started itself is stopped with the others. */
export const ends = child => nodes.push(child)
export async function open(width, height, more = {}) {
  browser = browser || await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
    '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  const page = await (await browser.newContext({ viewport: { width, height }, locale: 'zh-CN', ...more })).newPage()
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI)))
  page.on('pageerror', e => wrong.push(e.message))
  page.on('console', m => { if (m.type() === 'error' && !/40[13]|status of 4|ERR_INTERNET_DISCONNECTED/.test(m.text())) wrong.push(m.text()) })
  page.setDefaultTimeout(15000)
  pages.push(page)
  return page
}
export async function login(page, base, who) {
  await page.goto(`${base}/login`)
  await page.fill('input[autocomplete=username]', who)
  await page.fill('input[type=password]', `linli-${who}`)
  await page.keyboard.press('Enter')
  await page.waitForSelector(`main[data-who="${who}"]`)
}
/** The API as the page's user has it. */
export const api = (page, method, where, body) => page.evaluate(async ([m, w, b]) => {
  const r = await fetch('/api/v1' + w, { method: m, headers: b ? { 'Content-Type': 'application/json' } : {}, body: b ? JSON.stringify(b) : undefined })
  return { status: r.status, body: await r.json().catch(() => null) }
}, [method, where, body])
/** The same; throws when it was refused. */
export async function must(page, method, where, body) {
  const r = await api(page, method, where, body)
  if (r.status >= 400) throw new Error(`${method} ${where}: ${r.status} ${JSON.stringify(r.body)}`)
  return r.body
}
/** Asks again when an idle connection was just closed, or when there were too many. */
export async function knock(url, options) {
  for (let i = 0; ; i++) {
    const a = await fetch(url, options).catch(e => { if (i === 9) throw e })
    if (a) return a
    await new Promise(done => setTimeout(done, 20))
  }
}
/** The API without a browser, as one who is logged in: (method, path, body) → {status, body}. */
export async function client(base, who, password = `linli-${who}`) {
  const headers = { Origin: base, 'Content-Type': 'application/json' }
  const r = await knock(`${base}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ login: who, password }) })
  if (!r.ok) throw new Error(`login ${who}: ${r.status}`)
  headers.Cookie = r.headers.get('set-cookie').split(';')[0]
  return async (method, where, body, etag) => {
    const once = { ...headers, 'Idempotency-Key': Math.random().toString(36).slice(2), ...(etag ? { 'If-Match': `"${etag}"` } : {}) }
    const a = await knock(`${base}/api/v1${where}`, { method, headers: once, body: body ? JSON.stringify(body) : undefined })
    return { status: a.status, body: await a.json().catch(() => null) }
  }
}
/** A picture of one colour, as PNG; with grain it is no smaller than a photo. */
export function png(width, height, rgb, grain = 0) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const out = Buffer.alloc(8 + data.length + 4)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc(body), 8 + data.length)
    return out
  }
  const crc = b => {
    let c = ~0
    for (const x of b) {
      c ^= x
      for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    }
    return ~c >>> 0
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const row = () => Buffer.concat([Buffer.from([0]), Buffer.from(Array.from({ length: 3 * width }, (_, i) => rgb[i % 3] + (grain && Math.floor(Math.random() * grain))))])
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head),
    chunk('IDAT', zlib.deflateSync(Buffer.concat(Array.from({ length: height }, row)))), chunk('IEND', Buffer.alloc(0))])
}
/** Runs `work` over a list, so many at a time, in order of the list. */
export async function spread(list, width, work) {
  const out = []
  let next = 0
  await Promise.all(Array.from({ length: width }, async () => {
    for (let i = next++; i < list.length; i = next++) out[i] = await work(list[i], i)
  }))
  return out
}
/** Asks until it is so, or says no after 15 s. */
export async function until(page, test) {
  for (let i = 0; i < 150; i++) {
    if (await test().catch(() => false)) return true
    await page.waitForTimeout(100)
  }
  return false
}
/** Whether the page comes to show it. What is only true after a render is waited for, never read at once. */
export const shows = (page, selector) => page.waitForSelector(selector).then(() => true, () => false)
/** What axe finds in `part` of the page, and whether anything is wider than the window; [] is good. */
export async function findings(page, part = 'html') {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe)
  return page.evaluate(within => window.axe.run(within === 'html' ? document : document.querySelector(within), { resultTypes: ['violations'] }).then(r => {
    const wide = document.documentElement.scrollWidth - window.innerWidth
    return (wide > 0 ? [`${wide} px too wide`] : []).concat(r.violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`))
  }), part)
}
/** No finding of axe, and nothing wider than the window. */
export async function look(page, what) {
  const found = await findings(page)
  ok(`${what}: axe finds nothing, and it fits`, found.length === 0, found.join(' | '))
  if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, what.replace(/\W+/g, '-') + '.png'), fullPage: true })
}
export async function end() {
  ok('no page threw, logged an error, or ran into its policy', wrong.length === 0, wrong.slice(0, 3).join(' | '))
  for (let i = 0; failed > 0 && process.env.SHOTS && i < pages.length; i++)
    await pages[i].screenshot({ path: path.join(process.env.SHOTS, `failed-${i}.png`), fullPage: true })
  if (browser) await browser.close()
  for (const n of nodes) {
    n.kill('SIGTERM')
    if (n.exitCode === null && n.signalCode === null) await new Promise(done => n.on('exit', done))
  }
  fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }) // a node that a test killed may write its last
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
}
