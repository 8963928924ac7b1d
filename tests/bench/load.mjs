// The first load of a page as an old phone on a slow line has it: what Chrome itself notes of it (paints, shifts, long tasks) with its
// processor four times slower and the line that Lighthouse calls slow 4G, from an empty cache. One JSON line a figure, medians of RUNS.
//   RUNS=5 BASE=http://127.0.0.1:8080 (nodes that run, with sample data; else they are started) WHO=resident,worker SHIFTS=1 (what is asked for when, and which elements moved)
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createRequire } from 'node:module'
const { chromium } = createRequire(path.resolve('tests/package.json'))('playwright-core')

const RUNS = Number(process.env.RUNS ?? 5)
const WHO = (process.env.WHO ?? 'guest,resident,worker').split(',')
const SLOWER = 4
// Lighthouse's constants for "applied" mobile throttling: 150 ms and 1.6 Mbit/s as they are felt, its factors 3.75 and 0.9 included.
const LINE = { offline: false, latency: 562.5, downloadThroughput: 1474.56 * 1024 / 8, uploadThroughput: 675 * 1024 / 8 }
const QUIET_MS = 3000 // nothing asked for and no long task: loaded
// Scores as Lighthouse 12 curves them: a log-normal through the value that gives 0.9 and the one that gives 0.5, and its weights. The
// speed index needs a film; the largest paint, which is never before it, stands in for it: the score is a lower bound.
const CURVES = { fcp: [1800, 3000, 10], si: [3387, 5800, 10], lcp: [2500, 4000, 25], tbt: [200, 600, 30], cls: [0.1, 0.25, 25] }

const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
function figure(name, values, unit) {
  const round = x => (unit === '' ? Math.round(x * 1000) / 1000 : Math.round(x))
  console.log(JSON.stringify({ figure: name, value: round(median(values)), unit, runs: values.length, spread: [round(Math.min(...values)), round(Math.max(...values))] }))
}
/** The complementary error function (Abramowitz and Stegun 7.1.26). */
function erfc(x) {
  const z = Math.abs(x)
  const k = 1 / (1 + 0.3275911 * z)
  const tail = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429)))) * Math.exp(-z * z)
  return x < 0 ? 2 - tail : tail
}
function score(value, [good, middle]) {
  if (value <= 0) return 1
  const scale = Math.abs(Math.log(good / middle)) / (Math.SQRT2 * 0.9061938024368232) // the inverse of erfc at 1/5
  return erfc((Math.log(value / middle) / scale) / Math.SQRT2) / 2
}

let base = process.env.BASE
let nodes
const root = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'linli-load.'))
if (!base) {
  const port = Number(process.env.PORT ?? 18780)
  base = `http://127.0.0.1:${port}`
  nodes = spawn('packaging/run.sh', [`${root}/world`, String(port)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SMALL: '1' } })
  await new Promise((done, failed) => {
    nodes.stdout.on('data', d => { if (String(d).includes('linli-<')) done() })
    nodes.on('exit', c => failed(new Error(`the nodes ended: ${c}`)))
  })
}

/** In the page, before its own scripts: notes what Chrome tells of paints, shifts and long tasks. */
function watch() {
  const seen = window.seen = { lcp: 0, cls: 0, shifts: [], tasks: [] }
  const on = (type, take) => new PerformanceObserver(l => l.getEntries().forEach(take)).observe({ type, buffered: true })
  let from = 0
  let last = 0
  let sum = 0
  on('largest-contentful-paint', e => { seen.lcp = e.startTime })
  on('layout-shift', e => {
    if (e.hadRecentInput) return
    if (e.startTime - last > 1000 || e.startTime - from > 5000) { sum = 0; from = e.startTime } // a window of shifts, as CLS counts them
    last = e.startTime
    sum += e.value
    seen.cls = Math.max(seen.cls, sum)
    seen.shifts.push([Math.round(e.startTime), Math.round(e.value * 1000) / 1000, e.sources.map(s => s.node && (s.node.className || s.node.nodeName) + ' ' + [s.previousRect.y, s.currentRect.y].map(Math.round).join('>'))])
  })
  on('longtask', e => seen.tasks.push([e.startTime, e.duration]))
}

async function once(browser, cookie) {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true, locale: 'zh-CN' })
  if (cookie) await context.addCookies([{ ...cookie, url: base }])
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
  await cdp.send('Network.emulateNetworkConditions', LINE)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  let bytes = 0
  let asked = 0
  let quiet = Date.now()
  const begun = Date.now()
  cdp.on('Network.requestWillBeSent', e => {
    asked++
    quiet = Date.now()
    if (process.env.SHIFTS) console.error(quiet - begun, e.request.url.slice(base.length))
  })
  cdp.on('Network.loadingFinished', e => { bytes += e.encodedDataLength; quiet = Date.now() })
  await page.addInitScript(watch)
  await page.goto(base + '/', { timeout: 120000 })
  await page.waitForSelector('main h1', { timeout: 120000 })
  let tasks = 0
  for (;;) {
    await new Promise(done => setTimeout(done, 300))
    const n = await page.evaluate(() => window.seen.tasks.length)
    if (n !== tasks) { tasks = n; quiet = Date.now() }
    if (Date.now() - quiet > QUIET_MS) break
  }
  const got = await page.evaluate(() => ({ ...window.seen, fcp: performance.getEntriesByName('first-contentful-paint')[0].startTime }))
  await context.close()
  const tbt = got.tasks.filter(([at]) => at >= got.fcp).reduce((sum, [, ms]) => sum + Math.max(0, ms - 50), 0)
  const v = { fcp: got.fcp, si: got.lcp, lcp: got.lcp, tbt, cls: got.cls }
  const weights = Object.values(CURVES).reduce((sum, c) => sum + c[2], 0)
  const total = Object.keys(CURVES).reduce((sum, k) => sum + score(v[k], CURVES[k]) * CURVES[k][2], 0) / weights
  return { ...v, bytes, asked, score: total * 100, shifts: got.shifts }
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'] })
try {
  const probe = await (await browser.newContext()).newPage() // how fast this machine is just now: quote the figures beside it
  figure('load.machine_ms', [await probe.evaluate(() => { const t = performance.now(); let x = 0; for (let i = 0; i < 3e7; i++) x = (x * 31 + i) | 0; return performance.now() - t + (x === 1 ? 1 : 0) })], 'ms')
  for (const who of WHO) {
    let cookie
    if (who !== 'guest') {
      const r = await fetch(`${base}/api/v1/session`, { method: 'POST', headers: { Origin: base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
      if (!r.ok) throw new Error(`login ${who}: ${r.status}`)
      const [name, value] = r.headers.get('set-cookie').split(';')[0].split('=')
      cookie = { name, value }
    }
    const all = []
    for (let i = 0; i < RUNS; i++) all.push(await once(browser, cookie))
    for (const [k, unit] of [['fcp', 'ms'], ['lcp', 'ms'], ['tbt', 'ms'], ['cls', ''], ['bytes', 'B'], ['asked', 'requests'], ['score', 'of 100']]) figure(`load.${who}_${k}`, all.map(x => x[k]), unit)
    if (process.env.SHIFTS) for (const s of all[0].shifts) console.error(who, JSON.stringify(s))
  }
} finally {
  await browser.close()
  if (nodes) {
    nodes.kill('SIGTERM')
    if (nodes.exitCode === null) await new Promise(done => nodes.on('exit', done))
  }
  fs.rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
}
