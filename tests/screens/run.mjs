// Pictures of every first screen and of each module's list, form, record and prints, for people to look at:
// build/screens/<who>-<page>-<size>[-elder][-en].png. Says what is clipped, has no words, or is in the other language.
// ARGS: parts of the names of pictures to take (-1440$ is an end); BASE=http://127.0.0.1:8080 uses nodes that run (with sample data), else they are started.
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
  nodes = spawn('packaging/run.sh', ['build/screens-run', String(port)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SMALL: '1' } })
  await new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error('the nodes did not start within 120 s')), 120000)
    nodes.stdout.on('data', d => { if (String(d).includes('linli-')) { clearTimeout(late); done() } })
    nodes.on('exit', c => failed(new Error(`the nodes ended: ${c}`)))
  })
}
const upper = n => community.replace(/\d+$/, p => String(Number(p) + n))
const at = { community: () => community, district: () => upper(1), province: () => upper(2) }

const first = (list, more = '') => async get => { const p = await get(list); return p.items && p.items[0] ? list.replace(/\?.*/, '') + '/' + p.items[0].id + more : null }
const of = (list, screen) => async get => { const p = await get(list); return p.items && p.items[0] ? `/${screen}/${p.items[0].id}` : null }
/** The four screens of a collection. */
const four = (name, where = '', link = '') => ({ [name + '-list']: '/' + name, [name + '-new']: `/${name}/new${link}`, [name]: first(`/${name}${where}`), [name + '-sheet']: first(`/${name}${where}`, '/sheet') })

// who, node, pages: name → path, or a function of an API reader that gives one
const TOUR = [
  ['guest', 'community', { home: '/', help: '/help', login: '/login', progress: '/progress', news: first('/news?state=published'), 'emergency-new': '/ticket/new?kind=event&priority=emergency', lite: '/lite' }],
  ['resident', 'community', { home: '/', me: '/me', services: '/services', 'ticket-new': '/ticket/new?kind=event', 'ticket-list': '/ticket', shops: '/shop', board: '/board', talk: '/talk', 'notice-list': '/notice', thread: first('/talk'),
    apply: of('/service_item?online=apply&state=published', 'services'), vote: of('/survey?state=open', 'vote') }],
  ['worker', 'community', { home: '/', ...four('person', '?stale=1'), ...four('ticket', '?state=handling'), 'building-list': '/building', building: first('/building'), 'facility-list': '/facility', search: '/search?q=' + encodeURIComponent('翠苑'), stats: '/stats',
    import: '/person/import', note: '/note', report: '/report', ...four('task'), slip: first('/ticket', '/slip'), returns: '/ledger_return', ledger: of('/ledger_return?state=filling', 'ledger'),
    'asset-list': '/asset', asset: first('/asset'), labels: '/labels', stock: of('/stocktake', 'stock'), copy: of('/person', 'copy'), queues: '/queues', ...four('move_out'), 'care_tag-list': '/care_tag', care_tag: first('/care_tag'), visits: '/visits', thread: first('/talk') }],
  ['committee', 'community', { home: '/', ...four('notice'), 'news-list': '/news', news: first('/news'), ticket: first('/ticket?state=filed'), poster: first('/notice?state=published', '/poster'), ...four('contract'), ...four('survey'), tally: of('/survey?state=counted,published,final', 'tally'),
    ballots: of('/survey?state=open', 'ballots'), statement: of('/fund', 'statement'), ...four('meeting'), ...four('account'), 'circular-list': '/circular', circular: first('/circular'), devices: '/devices', erasures: '/erasures', 'module_setting-list': '/module_setting', ...four('activity'),
    'certificate': first('/service_certificate'), 'certificate-print': of('/service_certificate', 'certificate'), sticks: '/sticks', uplink: '/uplink', ...four('assess_scheme'), assessment: of('/assess_scheme', 'assessment'), assess_result: first('/assess_result') }],
  ['party', 'community', { home: '/' }], ['centre', 'community', { home: '/', ...four('application'), 'service_item-list': '/service_item', service_item: first('/service_item'), 'slot-list': '/slot', paper: of('/issued_paper', 'sheet/paper') }],
  ['property', 'community', { home: '/' }], ['owners', 'community', { home: '/' }],
  ['merchant', 'community', { home: '/', ...four('offer'), 'demand-list': '/demand', 'shop_order-list': '/shop_order' }],
  ['volunteer', 'community', { home: '/', ...four('help_request'), 'activity-list': '/activity', fund: first('/fund') }],
  ['social', 'community', { home: '/' }], ['supervisor', 'community', { home: '/', 'assess_result-list': '/assess_result' }], ['admin', 'community', { home: '/' }],
  ['clerk', 'district', { home: '/', nodes: '/nodes', stats: '/stats', gov: '/gov', ...four('feedback'), 'template': '/template', returns: of('/ledger_template', 'returns'), 'bill-list': '/bill', ...four('pilot') }],
  ['province', 'province', { home: '/', stats: '/stats' }]
]
const SIZES = [[360, 640], [1440, 900]]

/** What a person would stumble over: text that is cut off, or in the other language, or the same heading twice. */
const FAULTS = lang => {
  const faults = []
  const seen = e => e.offsetParent !== null && e.getClientRects().length > 0
  const wide = document.documentElement.scrollWidth - window.innerWidth
  if (wide > 0) faults.push(`${wide} px too wide`)
  for (const e of document.querySelectorAll('main *, header *, .tabs *'))
    if (seen(e) && e.children.length === 0 && e.textContent.trim() && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !/^(INPUT|TEXTAREA|SELECT|OPTION|TITLE)$/.test(e.tagName) && getComputedStyle(e).overflowX !== 'visible' && !e.classList.contains('sr'))
      faults.push('cut: ' + e.textContent.trim().slice(0, 40))
  const words = Array.from(document.querySelectorAll('h1, h2, h3, th, dt, label, legend, button, .chip, .tile b, .action, nav a, .tabs a, .empty p, .help')).filter(seen).map(e => e.textContent.trim()).filter(s => s)
  const other = lang === 'zh' ? s => /^[A-Za-z][a-z_]{2,}([ _][A-Za-z]+)*$/.test(s) && !/^(English|Open311|iCalendar)$/.test(s) : s => /[\u4e00-\u9fff]/.test(s) && !/^中文$/.test(s)
  const odd = Array.from(new Set(words.filter(other)))
  if (lang === 'zh' && odd.length > 0) faults.push('not Chinese: ' + odd.slice(0, 6).join(' | '))
  if (lang === 'en' && odd.length > 0) faults.push('not English?: ' + odd.slice(0, 6).map(s => s.slice(0, 30)).join(' | '))
  const heads = Array.from(document.querySelectorAll('main h1, main h2')).filter(seen).map(e => e.textContent.trim())
  const twice = heads.filter((h, i) => h && heads.indexOf(h) !== i)
  if (twice.length > 0) faults.push('heading twice: ' + twice.join(' | '))
  if (/undefined|\[object|NaN|null/.test(document.querySelector('main, body').innerText)) faults.push('a value without words: ' + document.querySelector('main, body').innerText.match(/.{0,20}(undefined|\[object|NaN|null).{0,20}/)[0])
  return faults
}

await started()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
let taken = 0
const faults = []
try {
  for (const [who, node, pages] of TOUR)
    for (const lang of ['zh', 'en'])
      for (const [width, height] of SIZES)
        for (const elder of [false, true]) {
          const names = Object.keys(pages).map(p => [p, `${who}-${p}-${width}${elder ? '-elder' : ''}${lang === 'en' ? '-en' : ''}`])
            .filter(([, n]) => wanted.length === 0 || wanted.some(w => w.endsWith('$') ? n.endsWith(w.slice(0, -1)) : n.includes(w)))
          if (names.length === 0) continue
          const base = at[node]()
          const context = await browser.newContext({ viewport: { width, height }, locale: 'zh-CN' })
          const page = await context.newPage()
          page.setDefaultTimeout(60000)
          page.on('pageerror', e => faults.push(`${who}: ${e.message}`))
          await page.addInitScript(([on, l]) => {
            if (on) localStorage.setItem('elder', '1')
            localStorage.setItem('lang', l)
          }, [elder, lang])
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
            if (!where) { faults.push(`${file}: nothing to show`); continue }
            if (where === '/lite' || where === '/login') await page.goto(base + where)
            else if (!await page.evaluate(to => { // as a link inside goes: the program is there already
              if (!document.querySelector('main[data-page]')) return false
              history.pushState(null, '', to)
              dispatchEvent(new PopStateEvent('popstate'))
              return true
            }, where)) await page.goto(base + where)
            const there = await page.waitForFunction(to => {
              const m = document.querySelector('main')
              return (!m || !m.dataset.page || m.dataset.page === to) && document.querySelector('h1') && !document.querySelector('.skeleton')
            }, where, { timeout: 20000 }).then(() => true, () => false)
            if (!there) faults.push(`${file}: ${await page.$('h1') ? 'still loading' : 'no heading'} ${where}`)
            await page.evaluate(() => window.scrollTo(0, 0))
            for (const f of await page.evaluate(FAULTS, lang)) faults.push(`${file}: ${f}`)
            await page.screenshot({ path: path.join(out, file + '.png'), fullPage: true }).then(() => taken++, e => faults.push(`${file}: ${e.message.split('\n')[0]}`))
          }
          await context.close()
        }
} finally {
  await browser.close()
  if (nodes) nodes.kill('SIGTERM')
}
for (const f of faults) console.log(f)
console.log(`${taken} pictures in build/screens, ${faults.length} remarks`)
