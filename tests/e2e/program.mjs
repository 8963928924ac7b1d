// Other people's programs: tokens that read what they were given for, Open311, feeds and spreadsheets, each judged by somebody else's
// parser (ical.js, feedsmith, fast-xml-parser, unzip).
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { dir, end, ok, run, startNode } from './lib-browser.mjs'
const need = createRequire(path.resolve('tests/package.json'))
const load = async name => { const m = await import(pathToFileURL(need.resolve(name)).href); return m.default ?? m }
const ICAL = await load('ical.js')
const { parseAtomFeed } = await load('feedsmith')
const { XMLParser } = await load('fast-xml-parser')

const { base, dir: at } = await startNode('翠苑一区社区', Number(process.env.PORT0 ?? 18650) + 120, '330106005055', 'community', ['committee', 'worker', 'resident'])
let cookie = ''
// The server closes idle connections after 50 ms: a request that meets the end of one is made again.
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
const call = (method, where, body, headers = {}) => again(base + where, { method, body: body && JSON.stringify(body),
  headers: { Origin: base, 'Content-Type': 'application/json', cookie, ...headers } })
const json = async (method, where, body) => (await call(method, where, body)).json()
async function login(who) {
  const r = await call('POST', '/api/v1/session', { login: who, password: `linli-${who}` })
  cookie = r.headers.get('set-cookie').split(';')[0]
}
const bearer = token => ({ headers: { Authorization: `Bearer ${token}` } })
const get = (where, token) => again(base + where, token ? bearer(token) : {})
const form = (where, fields) => again(base + where, { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields) })

try {
  await login('committee')
  const home = (await json('GET', '/api/v1/membership?limit=1')).items[0].f.home
  const lamp = await json('POST', '/api/v1/category', { code: 'lamp', name: '路灯 & 楼道灯', grouping: '设施', handler: home, tier: 'community', accept_hours: 4, done_hours: 24, public: true })
  await json('POST', '/api/v1/category', { code: 'inner', name: '内部事项', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 })

  // --- tokens
  const soon = new Date(Date.now() + 30 * 864e5).toISOString().slice(0, 10)
  const program = await json('POST', '/api/v1/program', { name: '街道看板', role: 'committee', scopes: ['category', 'notice', 'stats'], expires: soon })
  const { token } = await json('POST', `/api/v1/program/${program.id}/token`)
  ok('the committee issues a token, shown once', /^lp_[0-9a-v]{52}$/.test(token))
  const kept = await json('GET', `/api/v1/program/${program.id}`)
  ok('of which the node keeps a digest that nobody is shown', !JSON.stringify(kept).includes(token) && kept.f.hint === token.slice(0, 7) && kept.masked.includes('hash'))
  ok('it reads what it is for', (await (await get('/api/v1/category', token)).json()).items.length === 2 && (await get('/api/v1/stats', token)).status === 200)
  ok('also as a file', (await get('/api/v1/export/category.csv', token)).status === 200)
  ok('and nothing else', (await get('/api/v1/person', token)).status === 403 && (await get('/api/v1/ticket', token)).status === 403 && (await get('/api/v1/screen?role=committee', token)).status === 403)
  const write = await again(`${base}/api/v1/category`, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', Origin: base }, body: '{}' })
  ok('it writes nothing', write.status === 403)
  ok('a wrong one is no guest: it is refused', (await get('/api/v1/category', 'lp_' + '0'.repeat(52))).status === 401)
  const proud = await call('POST', '/api/v1/program', { name: 'x', role: 'province', scopes: ['notice'], expires: soon })
  ok('nobody lets a program in as more than they are', proud.status === 422)
  const nothing = await call('POST', '/api/v1/program', { name: 'x', role: 'committee', scopes: ['nonsense'], expires: soon })
  ok('nor to what is not there', nothing.status === 422)
  await login('worker')
  ok('a social worker issues none', (await call('POST', `/api/v1/program/${program.id}/token`)).status === 403)
  await login('committee')
  const next = await json('POST', `/api/v1/program/${program.id}/token`)
  ok('a new token ends the one before', (await get('/api/v1/category', token)).status === 401 && (await get('/api/v1/category', next.token)).status === 200)
  await call('POST', `/api/v1/program/${program.id}/steps`, { action: 'withdraw' })
  ok('a withdrawn program is locked out at once', (await get('/api/v1/category', next.token)).status === 401)

  // --- Open311 GeoReport v2
  const services = await (await get('/open311/v2/services.json')).json()
  ok('Open311 lists the public categories alone', services.length === 1 && services[0].service_code === 'lamp' && services[0].metadata === false)
  const xml = new XMLParser({ parseTagValue: false })
  const list = xml.parse(await (await get('/open311/v2/services.xml')).text())
  ok('in XML as well', list.services.service.service_name === '路灯 & 楼道灯')
  const reader = await json('POST', '/api/v1/program', { name: '随手拍', role: 'guest', scopes: ['open311'], expires: soon })
  const key = (await json('POST', `/api/v1/program/${reader.id}/token`)).token
  const said = { service_code: 'lamp', description: '三幢201室门口路灯不亮，请电13800138000', lat: '30.2790', long: '120.1250', phone: '14212345678' }
  const refused = await form('/open311/v2/requests.json', { ...said, api_key: 'nonsense' })
  ok('a report needs a key', refused.status === 403 && (await refused.json())[0].code === 403)
  const lacking = await form('/open311/v2/requests.xml', { ...said, api_key: key, description: '' })
  ok('what is missing is said in the error format of the standard', lacking.status === 400 && xml.parse(await lacking.text()).errors.error.description === 'description was not provided')
  ok('an inner category takes none', (await form('/open311/v2/requests.json', { ...said, api_key: key, service_code: 'inner' })).status === 404)
  const filed = await form('/open311/v2/requests.json', { ...said, api_key: key })
  const request = (await filed.json())[0]
  ok('a report is filed', filed.status === 201 && /^[0-9a-v]{20}$/.test(request.service_request_id))
  const ticket = await json('GET', `/api/v1/ticket/${request.service_request_id}`)
  ok('it is a ticket like any other', ticket.f.channel === 'open311' && ticket.f.category === lamp.id && /^T330106005055-/.test(ticket.f.no) && ticket.f.due > Date.now())
  const public1 = (await (await get(`/open311/v2/requests/${request.service_request_id}.json`)).json())[0]
  ok('and is read without personal parts', public1.status === 'open' && public1.description === '三幢〔略〕室门口路灯不亮，请电〔略〕', public1.description)
  ok('at its place', public1.lat === 30.279 && public1.long === 120.125)
  const byToken = async (t, ext = 'json') => get(`/open311/v2/tokens/${t}.${ext}`)
  ok('its id is its token', JSON.stringify(await (await byToken(request.service_request_id)).json()) === JSON.stringify([{ service_request_id: request.service_request_id, token: request.service_request_id }]))
  ok('so is its human number, as xml, too', (await (await byToken(ticket.f.no)).json())[0].service_request_id === request.service_request_id &&
    (await (await byToken(ticket.f.no, 'xml')).text()).includes(`<service_request_id>${request.service_request_id}</service_request_id>`))
  ok('another token is none', (await byToken('nonsense')).status === 404 && (await byToken('T330106005055-260101-A99')).status === 404)
  for (const s of [{ action: 'accept' }, { action: 'reply', note: '已更换' }]) await call('POST', `/api/v1/ticket/${request.service_request_id}/steps`, s)
  await call('POST', `/api/v1/ticket/${request.service_request_id}/steps`, { action: 'publish', add: { title: '路灯已修', question: '路灯不亮', body: '已更换灯泡，感谢14212345678来电' } })
  const after = (await (await get('/open311/v2/requests.json?status=closed')).json())[0]
  ok('its public answer stands beside it', after.status === 'closed' && after.status_notes === '已更换灯泡，感谢〔略〕来电', JSON.stringify(after))
  ok('filters hold', (await (await get('/open311/v2/requests.json?status=open')).json()).length === 0 &&
    (await (await get('/open311/v2/requests.json?start_date=2031-01-01T00:00:00Z&end_date=2031-02-01T00:00:00Z')).json()).length === 0 &&
    (await get('/open311/v2/requests.json?service_code=nonsense')).status === 404)
  const shut = await json('POST', '/api/v1/ticket', { kind: 'complaint', category: lamp.id, title: '投诉', body: '不公开', open: true })
  ok('a complaint is never among them', (await get(`/open311/v2/requests/${shut.id}.json`)).status === 404)
  let last
  for (let i = 0; i < 62; i++) last = await form('/open311/v2/requests.json', { ...said, api_key: key, description: `第${i}次` })
  ok('a key files sixty an hour', last.status === 429 && Number(last.headers.get('retry-after')) > 0 && (await last.json())[0].code === 429)

  // --- feeds
  const news = await json('POST', '/api/v1/news', { title: '社区 <新闻> & 其他', body: '第一行\n第二行', section: 'culture', level: 'community' })
  await call('POST', `/api/v1/news/${news.id}/steps`, { action: 'publish' })
  await login('worker')
  const starts = Date.UTC(2030, 4, 1, 1, 0)
  const notice = await json('POST', '/api/v1/notice', { title: '业主大会；议程，' + '很长的标题'.repeat(20), body: '带上\\身份证\n准时', kind: 'meeting', expire: '2030-05-02', starts, ends: starts + 7200000, place: '活动室' })
  await call('POST', `/api/v1/notice/${notice.id}/steps`, { action: 'submit' })
  await login('committee')
  for (const action of ['approve', 'publish']) await call('POST', `/api/v1/notice/${notice.id}/steps`, { action })
  const atom = parseAtomFeed(await (await get('/feed/news.atom')).text())
  ok('Atom: another parser finds what RFC 4287 requires', atom.id && atom.title && !Number.isNaN(Date.parse(atom.updated)) && atom.authors[0].name === '翠苑一区社区' &&
    atom.links.some(l => l.rel === 'self') && atom.entries[0].id === `urn:linli:${news.id}` && atom.entries[0].links[0].href.endsWith(`/news/${news.id}`) &&
    !Number.isNaN(Date.parse(atom.entries[0].updated)), JSON.stringify(atom).slice(0, 400))
  ok('and the text as it was written', atom.entries[0].title.value === '社区 <新闻> & 其他' || atom.entries[0].title === '社区 <新闻> & 其他', JSON.stringify(atom.entries[0].title))
  const ics = await (await get('/feed/calendar.ics')).text()
  const event = new ICAL.Event(new ICAL.Component(ICAL.parse(ics)).getFirstSubcomponent('vevent'))
  ok('iCalendar: another parser finds the meeting', event.summary.startsWith('业主大会；议程，') && event.description === '带上\\身份证\n准时' && event.location === '活动室' &&
    event.startDate.toJSDate().getTime() === starts && event.endDate.toJSDate().getTime() === starts + 7200000)
  ok('with no line over 75 octets, each ended by CRLF', ics.endsWith('\r\n') && ics.split('\r\n').every(l => Buffer.byteLength(l) <= 75 && !l.includes('\n')))
  const vcf = await (await get('/feed/homes.vcf')).text()
  const card = new ICAL.Component(ICAL.parse(vcf))
  ok('vCard 4: another parser finds the homes', card.getFirstPropertyValue('version') === '4.0' && card.getFirstPropertyValue('fn') && card.getFirstPropertyValue('kind') === 'org', vcf.slice(0, 200))

  // --- spreadsheets
  await json('POST', '/api/v1/category', { code: '330106198001011234', name: '=1+1', grouping: '+86', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 })
  const file = `${dir}/category.xlsx`
  fs.writeFileSync(file, Buffer.from(await (await call('GET', '/api/v1/export/category.xlsx')).arrayBuffer()))
  const sheet = spawnSync('unzip', ['-p', file, 'xl/worksheets/sheet1.xml'], { encoding: 'utf8' }).stdout
  const rows = [new XMLParser({ ignoreAttributes: false, parseTagValue: false, isArray: n => n === 'row' || n === 'c' }).parse(sheet).worksheet.sheetData.row].flat()
  const cells = rows.map(r => r.c.map(c => ({ type: c['@_t'], text: c.is ? String(c.is.t['#text'] ?? c.is.t) : c.v, formula: c.f })))
  const head = cells[0].map(c => c.text)
  const odd = cells.find(r => r.some(c => c.text === '=1+1'))
  ok('XLSX: the rows of the list, labels for heads', head.includes('名称') && cells.length === 4, head.join())
  ok('long numbers and what looks like a formula are text', odd.find(c => c.text === '330106198001011234')?.type === 'inlineStr' && odd.find(c => c.text === '=1+1').type === 'inlineStr' && !sheet.includes('<f>'))
  const few = await (await call('GET', '/api/v1/export/category.csv?grouping=' + encodeURIComponent('设施'))).text()
  ok('a filtered list goes out filtered', few.trim().split('\r\n').length === 2, few)
  const csv = await (await call('GET', '/api/v1/export/category.csv')).text()
  ok('CSV: quoted against formulas', csv.includes('"\'=1+1"') && csv.includes('"\'+86"') && csv.includes('"\t330106198001011234"'))
  ok('nothing is left behind', !fs.readdirSync(at).some(f => f.startsWith('export-')))
  const english = await (await call('GET', '/api/v1/export/category.csv', undefined, { 'Accept-Language': 'en' })).text()
  ok('in the language of whoever asks', english.includes('"Name"'))
  ok('the person list goes out as a spreadsheet that another of our own reads', run(['load', '--dir', at, '--collection', 'category', '--dry-run', file]).length > 0)
} catch (e) {
  ok('programs', false, e.stack.slice(0, 600))
}
await end()
