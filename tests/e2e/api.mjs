// What other programs meet: the API's description is valid and true, feeds are well-formed, pages work without script.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { end, look, ok, open, shows, startNode } from './lib-browser.mjs'
const { Validator } = await import(pathToFileURL(createRequire(path.resolve('tests/package.json')).resolve('@seriousme/openapi-schema-validator')).href)

const { base } = await startNode('翠苑一区社区', Number(process.env.PORT0 ?? 18650) + 99, '330106005055', 'community', ['committee', 'resident'])
let cookie = ''
// The server closes idle connections after 50 ms: a request that meets the end of one is made again.
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
const call = (method, where, body, headers = {}) => again(base + where, { method, body: body && JSON.stringify(body),
  headers: { Origin: base, 'Content-Type': 'application/json', cookie, ...headers } })
async function login(who) {
  const r = await call('POST', '/api/v1/session', { login: who, password: `linli-${who}` })
  cookie = r.headers.get('set-cookie').split(';')[0]
}
try {
  const guest = await (await call('GET', '/api/openapi.json')).json()
  await login('committee')
  const spec = await (await call('GET', '/api/openapi.json')).json()
  const judged = await new Validator().validate(structuredClone(spec))
  ok('the description is valid OpenAPI 3.1', judged.valid, JSON.stringify(judged.errors)?.slice(0, 300))
  const also = ['/open311/v2/services.{format}', '/open311/v2/requests.{format}', '/open311/v2/tokens/{token}.{format}', '/api/v1/similar/{collection}', '/api/v1/program/{id}/token']
  ok('Open311, similar reports and tokens are in it, for programs that are no guests of ours, too', also.every(p => spec.paths[p] && guest.paths[p]) &&
    spec.paths['/open311/v2/requests.{format}'].post.requestBody.content['application/x-www-form-urlencoded'].schema.required.includes('api_key'), also.filter(p => !spec.paths[p]).join())
  ok('it tells a guest less', Object.keys(guest.paths).length < Object.keys(spec.paths).length && !guest.components.schemas.person)
  // the table of routes, as it stands, against the description: a route nobody described is found here
  const routes = Array.from(fs.readFileSync('node/web/routes.c', 'utf8').matchAll(/\{ "([A-Z]+)", "([^"]+)",/g), m => [m[1].toLowerCase(), m[2].split('/')])
  const lies = (route, told) => route.length === told.length && route.every((part, i) => (part === ':' ? true : part === told[i]))
  const told = Object.entries(spec.paths).map(([where, ops]) => [where.split('/'), ops])
  const missing = routes.filter(([method, route]) => !told.some(([where, ops]) => ops[method] && lies(route, where)))
  ok(`each of the ${routes.length} routes is described`, routes.length > 60 && missing.length === 0, missing.map(([m, r]) => m + ' ' + r.join('/')).join(', '))
  ok('and nothing else', told.every(([where]) => routes.some(([, route]) => lies(route, where))), told.filter(([where]) => !routes.some(([, route]) => lies(route, where))).map(([w]) => w.join('/')).join(', '))
  const wrong = []
  for (const [where, ops] of Object.entries(spec.paths)) {
    if (!ops.get || where.includes('{') || (ops.get.parameters || []).some(p => p.in === 'query' && p.required)) continue
    const r = await call('GET', where)
    if (r.status !== 200) wrong.push(`${where} ${r.status}`)
  }
  ok('every path that it lists for reading answers', wrong.length === 0, wrong.join(', '))
  const made = await call('POST', '/api/v1/news', { title: '停水 <b>"通知"</b> & 其他', body: '周三\n停水', section: 'community', level: 'community' })
  const news = await made.json()
  const schema = spec.components.schemas.news.properties.f.properties
  ok('a record has the fields described', made.status === 201 && Object.keys(news.f).every(k => schema[k]), Object.keys(news.f).join())
  ok('what is not described is refused', (await call('POST', '/api/v1/news', { title: 'x', body: 'x', nonsense: 1 })).status === 422)
  await call('POST', `/api/v1/news/${news.id}/steps`, { action: 'publish' })

  const feed = await (await again(`${base}/feed/news.atom`)).text()
  const lint = spawnSync('xmllint', ['--noout', '-'], { input: feed, encoding: 'utf8' })
  ok('the feed is well-formed and holds it', lint.status === 0 && feed.includes('停水 &lt;b&gt;&quot;通知&quot;&lt;/b&gt; &amp; 其他'), lint.stderr)
  ok('an unknown feed is a 404', (await again(`${base}/feed/person.atom`)).status === 404)

  for (let i = 0; i < 32; i++) { // the community's own was there first
    const home = await (await call('POST', '/api/v1/home', { kind: 'merchant', name: `小店${i}`, phone: `0571-0000${2000 + i}`, listed: true })).json()
    await call('POST', `/api/v1/home/${home.id}/steps`, { action: 'approve' })
  }
  const first = (await (await call('GET', '/api/v1/home?sort=id&limit=1')).json()).items[0]
  await call('PATCH', `/api/v1/home/${first.id}`, { phone: '0571-00001000' })

  const page = await open(360, 640, { javaScriptEnabled: false })
  await page.goto(`${base}/lite`)
  await page.click('a:has-text("停水")')
  ok('without script a notice can be read', (await page.textContent('.plain-text')).includes('周三\n停水'))
  await page.goBack()
  const numbers = await page.$$eval('a[href^="tel:"] b', all => all.map(b => b.textContent))
  ok('the emergency numbers come first, then the community itself, then every shop', numbers.slice(0, 4).join() === '110,119,120,0571-00001000' &&
    numbers[4] === '0571-00002000' && numbers.length === 4 + 32, numbers.join())
  ok('nobody is on duty yet', await shows(page, 'main:has-text("没有人值班")'))
  const mine = await (await call('GET', '/api/v1/session')).json()
  const desk = mine.memberships[0].home
  const date = new Date(Date.now() + 8 * 36e5).toISOString().slice(0, 10)
  const shift = await (await call('POST', '/api/v1/duty_shift', { desk, date, starts: Date.now() - 36e5, ends: Date.now() + 36e5, who: mine.account.id })).json()
  const planned = await (await again(`${base}/lite`)).text()
  await call('POST', `/api/v1/duty_shift/${shift.id}/steps`, { action: 'begin' })
  const on = await (await again(`${base}/lite`)).text()
  ok('a desk that is on duty is told with its end, and who sits there is not', /没有人值班/.test(planned) && !/没有人值班/.test(on) && on.includes(new Date(shift.f.ends + 8 * 36e5).toISOString().slice(11, 16)) && !on.includes(mine.account.shown_name) && (await again(`${base}/api/v1/duty_shift`)).status !== 200,
    on.slice(on.indexOf('On duty'), on.indexOf('On duty') + 300))
  const scripted = await open(360, 640)
  await scripted.goto(`${base}/lite`)
  await look(scripted, '360 lite')
  const draft = await (await call('POST', '/api/v1/news', { title: '草稿', body: '不公开', section: 'community', level: 'community' })).json()
  ok('what is not published is on neither', (await again(`${base}/lite/news/${draft.id}`)).status === 404 &&
    !(await (await again(`${base}/lite`)).text()).includes('草稿') && !(await (await again(`${base}/feed/news.atom`)).text()).includes('草稿'))
} catch (e) {
  ok('the interfaces', false, e.stack.slice(0, 500))
}
await end()
