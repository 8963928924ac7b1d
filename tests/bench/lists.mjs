// A list of N records as people use it: pages near and deep, filters, orders, search, counts, through the API and in a browser.
// One JSON line a figure: p50 and p99 in ms of RUNS requests, one after the other, and the node's CPU time of each.   N=100000 RUNS=200 BROWSER=1
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
import { waitPort } from './net.mjs'
import { canonical, idText, random } from './stream.mjs'

const N = Number(process.env.N ?? 100000)
const RUNS = Number(process.env.RUNS ?? 200)
const linli = path.resolve(process.env.LINLI ?? 'build/linli')
const root = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'linli-lists.'))
const dir = `${root}/box`
const port = Number(process.env.PORT ?? 18790)
const host = `http://127.0.0.1:${port}`
const run = (args, input) => {
  const r = spawnSync(linli, args, { input, encoding: 'utf8' })
  if (r.status !== 0) throw new Error(`linli ${args[0]}: ${r.stderr}`)
}
const r = random(7)
const pick = list => list[Math.floor(r() * list.length)]
const two = n => String(n).padStart(2, '0')

function person(i) {
  const f = { birth: `${1930 + Math.floor(r() * 90)}-${two(1 + Math.floor(r() * 12))}-${two(1 + Math.floor(r() * 28))}`, employer: pick(['翠苑小学', '文一路菜市场', '西溪面馆']),
    id_no: `T${100000000 + i}`, id_type: '990', kind: i % 1000 === 0 ? 'foreign' : pick(['local', 'elsewhere', 'floating']),
    name: pick([...'王李张刘陈杨黄赵吴周']) + pick([...'伟芳娜敏静丽强磊军洋']) + pick([...'勇艳杰娟涛明超兰霞平']), phone: `142${10000000 + i}`, sex: pick(['1', '2']), status: 'living' }
  if (i % 3 > 0) f.checked = `2026-${two(1 + Math.floor(r() * 12))}-01`
  return canonical({ c: 'import', f, i: idText(Date.now() - 9e8 + i, 0, Math.floor(r() * 4294967296)), o: 'add', t: 'person@1' })
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
function get(where, cookie, tries = 4) { // an idle connection may just have been closed
  return new Promise((done, fail) => {
    const from = process.hrtime.bigint()
    http.get(host + '/api/v1' + where, { agent, headers: { cookie } }, res => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', d => { text += d })
      res.on('end', () => (res.statusCode === 200 ? done({ ms: Number(process.hrtime.bigint() - from) / 1e6, body: JSON.parse(text) }) : fail(new Error(`${where}: ${res.statusCode} ${text}`))))
    }).on('error', e => (tries > 0 ? get(where, cookie, tries - 1).then(done, fail) : fail(e)))
  })
}
let spent = 0 // CPU of the node when it was last looked at
function cpu() {
  const f = fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const now = (Number(f[11]) + Number(f[12])) * 10 // ticks of 10 ms
  const since = now - spent
  spent = now
  return since
}
function say(figure, times, more = {}) {
  const t = [...times].sort((a, b) => a - b)
  const at = p => Math.round(t[Math.min(t.length - 1, Math.floor(t.length * p))] * 100) / 100
  console.log(JSON.stringify({ figure: `list.${figure}`, value: at(0.99), unit: 'ms', p50: at(0.5), cpu: Math.round(cpu() / t.length * 10) / 10, runs: t.length, n: N, ...more }))
}

run(['init', '--dir', dir, '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区', '--root'])
run(['user', 'add', '--dir', dir, '--login', 'worker', '--role', 'worker'], 'linli-worker\n')
const file = `${root}/persons.jsonl`
const out = fs.openSync(file, 'w')
for (let i = 0; i < N; i++) fs.writeSync(out, person(i) + '\n')
fs.closeSync(out)
run(['load', '--dir', dir, file])
const child = spawn(linli, ['serve', '--dir', dir, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' })
try {
  await waitPort(port)
  const login = await fetch(`${host}/api/v1/session`, { method: 'POST', headers: { Origin: host, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: 'worker', password: 'linli-worker' }) })
  const cookie = login.headers.get('set-cookie').split(';')[0]
  while ((await get('/search?q=' + encodeURIComponent('王伟'), cookie)).body.items.length === 0 && process.uptime() < 600) await new Promise(done => setTimeout(done, 500))
  const asked = async (name, where) => {
    const times = []
    cpu()
    for (let i = 0; i < RUNS; i++) times.push((await get(typeof where === 'string' ? where : where(i), cookie)).ms)
    say(name, times)
  }
  // from here on full text is up to date, or as far as it came
  await asked('first', '/person?limit=50')
  await asked('first_counted', '/person?limit=50&count=1')
  for (const [name, sort] of [['walk', '-id'], ['walk_birth', 'birth'], ['walk_checked', '-checked']]) {
    const times = []
    cpu()
    for (let cursor = '', i = 0; cursor !== null && i < RUNS; i++) {
      const page = await get(`/person?limit=200&sort=${sort}${cursor ? '&cursor=' + cursor : ''}`, cookie)
      times.push(page.ms)
      cursor = page.body.next
    }
    say(name, times, { rows: times.length * 200 })
  }
  const deep = (await get(`/person?limit=50&cursor=${N - 5000}`, cookie)).body.next
  await asked('deep', `/person?limit=50&cursor=${deep}`)
  await asked('deep_offset', `/person?limit=50&cursor=${N - 5000}`)
  await asked('filter_third', '/person?limit=50&kind=local')
  await asked('filter_thousandth', '/person?limit=50&kind=foreign')
  await asked('filter_counted', '/person?limit=50&kind=local&count=1')
  await asked('by_number', i => `/person?id_no=T${100000000 + (i * 997) % N}`)
  for (const f of ['name', 'birth', '-checked', 'kind', 'sex']) await asked(`sort_${f.replace('-', '')}`, `/person?limit=50&sort=${f}`)
  await asked('search_rare', i => `/person?limit=50&q=${encodeURIComponent('王伟' + '勇艳杰娟涛明超兰霞平'[i % 10])}`)
  await asked('search_frequent', `/person?limit=50&q=${encodeURIComponent('小学')}`)
  await asked('search_frequent_counted', `/person?limit=50&count=1&q=${encodeURIComponent('小学')}`)
  await asked('stale_counted', '/person?limit=50&stale=1&count=1')
  if (process.env.BROWSER) await browse(cookie)
} finally {
  agent.destroy()
  child.kill('SIGTERM')
  await new Promise(done => child.on('exit', done))
  fs.rmSync(root, { recursive: true, force: true })
}

// From the click to the rows on the screen.
async function browse(cookie) {
  const { chromium } = createRequire(path.resolve('tests/package.json'))('playwright-core')
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' })
  const [name, value] = cookie.split('=')
  await context.addCookies([{ name, value, url: host }])
  const page = await context.newPage()
  const shown = async (figure, go) => {
    const times = []
    for (let i = 0; i < 10; i++) {
      const first = await page.locator('tbody tr').first().innerText().catch(() => '')
      const from = process.hrtime.bigint()
      await go(i)
      await page.waitForFunction(was => { const tr = document.querySelector('tbody tr'); return tr && tr.innerText !== was }, first)
      times.push(Number(process.hrtime.bigint() - from) / 1e6)
    }
    say(figure, times)
  }
  await page.goto(`${host}/person`)
  await page.waitForSelector('tbody tr')
  await shown('screen_next', () => page.locator('.pager button').last().click())
  await shown('screen_sort', () => page.locator('thead button', { hasText: '出生日期' }).click())
  await shown('screen_search', async i => { await page.fill('[role=search] input', '王' + '伟芳娜敏静丽强磊军洋'[i]); await page.keyboard.press('Enter') })
  await browser.close()
}
