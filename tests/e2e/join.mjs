// In real browsers: a neighbour joins what is reported already instead of filing it again; what is published shows its readers; a
// token is issued and shown once.
import { end, login, look, ok, open, shows, startNode } from './lib-browser.mjs'

const { base } = await startNode('翠苑一区社区', Number(process.env.PORT0 ?? 18650) + 180, '330106005055', 'community', ['committee', 'party', 'worker', 'resident'])
const api = (page, method, where, body) => page.evaluate(async ([m, w, b]) => {
  const r = await fetch('/api/v1' + w, { method: m, headers: { 'Content-Type': 'application/json' }, body: b && JSON.stringify(b) })
  return r.json()
}, [method, where, body])
try {
  const desk = await open(1440, 900)
  await login(desk, base, 'committee')
  const home = (await api(desk, 'GET', '/membership?limit=1')).items[0].f.home
  const category = (await api(desk, 'POST', '/category', { code: 'lamp', name: '路灯损坏', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 })).id
  const building = (await api(desk, 'POST', '/building', { code: 'B3', name: '三幢', address: { road: '文一路', number: '1' } })).id
  const sha = await desk.evaluate(async () => {
    const c = document.createElement('canvas')
    c.width = 320
    c.height = 200
    const g = c.getContext('2d')
    g.fillStyle = '#c33'
    g.fillRect(0, 0, 320, 200)
    const blob = await new Promise(done => c.toBlob(done, 'image/png'))
    return (await (await fetch('/api/v1/files?name=lamp.png', { method: 'POST', headers: { 'Content-Type': 'image/png' }, body: blob })).json()).sha
  })
  const ticket = await api(desk, 'POST', '/ticket', { kind: 'event', category, title: '三幢门口路灯不亮', body: '昨晚起', place: building, files: [{ sha }] })

  const phone = await open(360, 640)
  await login(phone, base, 'resident')
  await phone.goto(`${base}/ticket/new?kind=event&place=${building}`)
  ok('what is open in the same building is offered', await shows(phone, 'text=三幢门口路灯不亮'))
  await phone.waitForFunction(() => [...document.querySelectorAll('section img')].some(i => i.complete && i.naturalWidth > 0))
  ok('with its photo', true)
  await look(phone, '360 offered to join')
  await phone.click('button:has-text("就是这件")')
  await phone.waitForURL(`${base}/ticket/${ticket.id}`)
  ok('joining leads to it', await shows(phone, 'h1:has-text("三幢门口路灯不亮")'))

  const news = await api(desk, 'POST', '/news', { title: '便民日', body: '周六上午', section: 'community' })
  await api(desk, 'POST', `/news/${news.id}/steps`, { action: 'publish' })
  await phone.goto(`${base}/news/${news.id}`)
  ok('what is published shows its readers', await shows(phone, 'text=本地已读 1 人'))
  await look(phone, '360 news with readers')
  await desk.goto(`${base}/program/new`)
  await desk.fill('#f-name', '街道看板')
  await desk.selectOption('#f-role', 'committee')
  await desk.fill('#f-scopes', 'notice、stats')
  const soon = new Date(Date.now() + 30 * 864e5)
  await api(desk, 'POST', '/program', { name: '街道看板', role: 'committee', scopes: ['notice', 'stats'], expires: soon.toISOString().slice(0, 10) })
  await look(desk, '1440 new program')
  const made = (await api(desk, 'GET', '/program')).items[0]
  await desk.goto(`${base}/program/${made.id}`)
  await desk.click('button:has-text("发放密钥")')
  await desk.click('button:has-text("确定发放")')
  await desk.waitForSelector('code')
  ok('a token is shown once', /^lp_[0-9a-v]{52}$/.test(await desk.textContent('code')))
  await look(desk, '1440 token')
  await desk.reload()
  await desk.waitForSelector('button:has-text("发放密钥")')
  ok('and never again', await desk.locator('code').count() === 0)
  await desk.goto(`${base}/stats`)
  ok('statistics of one number and of shares are drawn', await shows(desk, 'h2:has-text("近30日活跃账号")') && await shows(desk, 'h1'))
  await look(desk, '1440 statistics')
} catch (e) {
  ok('joining', false, e.stack.slice(0, 600))
}
await end()
