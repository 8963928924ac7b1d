// Pictures of the first screens and the main screens, for people to look at: build/screens/<who>-<page>-<size>[-elder].png.
// ARGS: names of pictures to take (parts of them); BASE=http://127.0.0.1:8080 uses nodes that run (with sample data), else they are started.
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
const { chromium } = createRequire(path.resolve('tests/package.json'))('playwright-core')

const out = path.resolve('build/screens')
const wanted = process.argv.slice(2)
const port = Number(process.env.PORT ?? 8090)
let community = process.env.BASE
let nodes
fs.mkdirSync(out, { recursive: true })

async function started() {
  if (community) return
  community = `http://127.0.0.1:${port}`
  nodes = spawn('packaging/run.sh', ['build/screens-run', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error('the nodes did not start within 120 s')), 120000)
    nodes.stdout.on('data', d => { if (String(d).includes('linli-')) { clearTimeout(late); done() } })
    nodes.on('exit', c => failed(new Error(`the nodes ended: ${c}`)))
  })
}
const upper = n => community.replace(/\d+$/, p => String(Number(p) + n))
const at = { community: () => community, district: () => upper(1), province: () => upper(2) }

// who, node, pages: name → path, or a function of an API reader that gives one
const first = list => async get => { const p = await get(list); return p.items[0] ? list.replace(/\?.*/, '') + '/' + p.items[0].id : null }
const TOUR = [
  ['guest', 'community', { home: '/', notice: first('/notice?state=published'), help: '/help' }],
  ['resident', 'community', { home: '/', 'ticket-new': '/ticket/new?kind=event', notices: '/notice', me: '/me', board: '/board' }],
  ['worker', 'community', { home: '/', persons: '/person', person: first('/person?stale=1'), tickets: '/ticket', ticket: first('/ticket?state=handling'), 'person-new': '/person/new', search: '/search?q=' + encodeURIComponent('翠苑'), stats: '/stats', import: '/person/import' }],
  ['committee', 'community', { home: '/', 'notice-new': '/notice/new', ticket: first('/ticket?state=filed'), sheet: async get => { const p = await first('/ticket')(get); return p + '/sheet' }, poster: async get => (await first('/notice?state=published')(get)) + '/poster' }],
  ['clerk', 'district', { home: '/', nodes: '/nodes', stats: '/stats' }],
  ['province', 'province', { home: '/' }]
]
const SIZES = [[360, 640], [1440, 900]]

await started()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
let taken = 0
try {
  for (const [who, node, pages] of TOUR)
    for (const [width, height] of SIZES)
      for (const elder of who === 'resident' || who === 'guest' ? [false, true] : [false]) {
        const names = Object.keys(pages).map(p => [p, `${who}-${p}-${width}${elder ? '-elder' : ''}`]).filter(([, n]) => wanted.length === 0 || wanted.some(w => n.includes(w)))
        if (names.length === 0) continue
        const base = at[node]()
        const context = await browser.newContext({ viewport: { width, height }, locale: 'zh-CN' })
        const page = await context.newPage()
        page.setDefaultTimeout(15000)
        page.on('pageerror', e => console.log(who, e.message))
        await page.addInitScript(on => { if (on) localStorage.setItem('elder', '1') }, elder)
        await page.goto(base + '/login')
        if (who !== 'guest') {
          await page.fill('input[autocomplete=username]', who)
          await page.fill('input[type=password]', 'linli-' + who)
          await page.keyboard.press('Enter')
          await page.waitForSelector(`main[data-who="${who}"]`)
        }
        const get = p => page.evaluate(async u => (await fetch('/api/v1' + u)).json(), p)
        for (const [name, file] of names) {
          const where = typeof pages[name] === 'string' ? pages[name] : await pages[name](get)
          if (!where) { console.log(`${file}: nothing to show`); continue }
          await page.goto(base + where)
          await page.waitForSelector('h1')
          await page.waitForFunction(() => !document.querySelector('.skeleton'), undefined, { timeout: 8000 }).catch(() => console.log(`${file}: still loading`))
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
          if (wide > 0) console.log(`${file}: ${wide} px too wide`)
          await page.screenshot({ path: path.join(out, file + '.png'), fullPage: true })
          taken++
        }
        await context.close()
      }
} finally {
  await browser.close()
  if (nodes) nodes.kill('SIGTERM')
}
console.log(`${taken} pictures in build/screens`)
