// Every route that the definitions give, in a real browser: no finding of axe, nothing wider than the window, no error, no report of the
// policy. The short form sees each route once, roles, sizes and elder mode in turn; LONG=1 sees each for every role at both sizes in both modes.
import { end, findings, login, must, ok, open, startNode, until } from './lib-browser.mjs'

const ROLES = ['guest', 'resident', 'worker', 'committee']
const WAYS = [[360, 640, false], [1440, 900, false], [360, 640, true], [1440, 900, true]]
const { base } = await startNode('翠苑一区社区', Number(process.env.PORT0 ?? 18650) + 120, '330106005055', 'community', ROLES.slice(1))
const bad = []
let seen = 0

/** Goes there as a link would, and looks when all that was asked for has come. */
async function visit(page, who, route, [width, height, elder]) {
  const size = page.viewportSize()
  if (size.width !== width) await page.setViewportSize({ width, height })
  const state = await page.evaluate(([to, on]) => {
    if (document.documentElement.classList.contains('elder') !== on) document.querySelector('header [aria-pressed]').click()
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
    return document.documentElement.classList.contains('elder')
  }, [route, elder])
  if (state !== elder) await page.waitForFunction(on => document.documentElement.classList.contains('elder') === on, elder)
  await page.waitForFunction(to => document.querySelector('main').dataset.page === to && document.querySelector('main h1') && !document.querySelector('.skeleton'), route)
  const found = await findings(page, route === '/' || process.env.LONG ? 'html' : 'main') // the frame is the same everywhere
  const crash = await page.evaluate(() => (document.querySelector('main > .error') || { textContent: '' }).textContent)
  seen++
  if (crash) found.push('says: ' + crash)
  if (found.length > 0) bad.push(`${who} ${route} ${width}${elder ? ' elder' : ''}: ${found.join(' | ')}`)
}

try {
  const pages = {}
  for (const who of ROLES) {
    pages[who] = await open(1440, 900, { colorScheme: who === 'committee' ? 'dark' : 'light' })
    if (who === 'guest') await pages[who].goto(base)
    else await login(pages[who], base, who)
    await pages[who].waitForSelector('main h1')
  }
  // something to show: a ticket, a resident, a notice that everybody reads
  const desk = pages.committee
  const home = (await must(desk, 'GET', '/membership?limit=1')).items[0].f.home
  const category = (await must(desk, 'POST', '/category', { code: 'lamp', name: '路灯损坏', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 })).id
  const person = (await must(desk, 'POST', '/person', { name: '沈阿婆', id_type: '990', id_no: 'P1', kind: 'local', birth: '1946-03-05', _keep: { id_no: '样例' } })).id
  const ticket = (await must(pages.resident, 'POST', '/ticket', { kind: 'event', category, title: '三幢门口路灯不亮', body: '昨晚起不亮' })).id
  const notice = (await must(pages.worker, 'POST', '/notice', { title: '停水通知', body: '明天九点到十二点停水', kind: 'water', expire: '2030-01-01' })).id
  await must(pages.worker, 'POST', `/notice/${notice}/steps`, { action: 'submit' })
  for (const action of ['approve', 'publish']) await must(desk, 'POST', `/notice/${notice}/steps`, { action })
  await must(desk, 'POST', `/ticket/${ticket}/steps`, { action: 'accept' })
  await until(desk, async () => (await must(desk, 'GET', '/search?q=' + encodeURIComponent('路灯'))).items.length > 0)

  // who sees which route
  const routes = {}
  const add = (route, who) => { (routes[route] = routes[route] || []).push(who) }
  for (const who of ROLES) {
    for (const r of ['/help', '/search', '/search?q=' + encodeURIComponent('路灯'), '/board', `/notice/${notice}`, `/notice/${notice}/poster`, '/nothing-here', '/ticket?state=filed&due.lte=1']) add(r, who)
    if (who === 'guest') add('/login', who)
    else for (const r of ['/me', '/password', '/outbox', `/ticket/${ticket}`, `/ticket/${ticket}/slip`, `/ticket/${ticket}/sheet`]) add(r, who)
    if (who === 'worker' || who === 'committee') for (const r of ['/stats', '/person/import', `/person/${person}`, `/person/${person}/edit`]) add(r, who)
    const { modules } = await must(pages[who], 'GET', '/schema?lang=zh')
    for (const c of modules.flatMap(m => m.collections)) {
      if (c.list) add('/' + c.name, who)
      if (c.can.create && who !== 'guest') add(`/${c.name}/new`, who)
    }
  }
  ok('the definitions give routes to walk', Object.keys(routes).length > 60, `${Object.keys(routes).length} routes`)
  for (const who of ROLES) for (const way of WAYS) await visit(pages[who], who, '/', way)
  let turn = 0
  for (const route of Object.keys(routes)) {
    if (process.env.LONG) for (const who of routes[route]) for (const way of WAYS) await visit(pages[who], who, route, way)
    else {
      await visit(pages[routes[route][turn % routes[route].length]], routes[route][turn % routes[route].length], route, WAYS[turn % 4])
      turn++
    }
  }
  ok(`no page of ${seen} has a finding, is too wide, or says that it failed`, bad.length === 0, bad.slice(0, 12).join('\n       '))
  ok('all routes were seen', seen >= Object.keys(routes).length + 16)
} catch (e) {
  ok('the walk', false, e.stack.slice(0, 900))
}
await end()
