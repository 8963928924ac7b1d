// The exchange with the provincial platform by template files, both ways: given in full and on record, paired by the platform's
// number, each difference by the master of its field, and files that are not what they should be.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { client, dir, end, login, look, ok, open, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 250
const box = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'admin', 'supervisor'])
const who = '?partner=social&template=person&purpose=duty'
const csv = lines => '\ufeff' + lines.map(l => Array.from(l, c => `"${(c ?? '').replace(/"/g, '""')}"`).join(',')).join('\r\n') + '\r\n'
const read = text => text.replace(/^\ufeff/, '').trim().split('\r\n').map(l => [...l.matchAll(/"((?:[^"]|"")*)"/g)].map(m => m[1].replace(/""/g, '"')))
/** The API with a file as body, and what comes back as text. */
async function sender(who) {
  const again = (url, what, left = 9) => fetch(url, what).catch(e => left > 0 ? again(url, what, left - 1) : Promise.reject(e)) // an idle connection was just closed
  const r = await again(`${box.base}/api/v1/session`, { method: 'POST', headers: { Origin: box.base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
  const headers = { Origin: box.base, Cookie: r.headers.get('set-cookie').split(';')[0], 'Content-Type': 'application/octet-stream', 'Accept-Language': 'zh' }
  return async (where, body) => {
    const a = await again(box.base + '/api/v1' + where, { method: 'POST', headers, body })
    const bytes = Buffer.from(await a.arrayBuffer())
    const text = bytes.toString('utf8')
    return { status: a.status, bytes, text, type: a.headers.get('content-type'), body: /^\{/.test(text) ? JSON.parse(text) : null }
  }
}

try {
  const worker = await client(box.base, 'worker')
  const committee = await client(box.base, 'committee')
  const send = await sender('committee')
  const add = async f => {
    const r = await worker('POST', '/person', { id_type: '990', kind: 'local', _keep: { id_no: '样例' }, ...f })
    if (r.status !== 201) throw new Error(JSON.stringify(r.body))
    return r.body.id
  }
  const wang = await add({ name: '王平台', id_no: 'P0000001', phone: '13800000001', birth: '1980-01-01', sex: '1' })
  const li = await add({ name: '李配对', id_no: 'P0000002', phone: '13800000002', birth: '1981-01-01', sex: '2', employer: '=1+1' })
  await add({ name: '赵未配', id_no: 'P0000003', birth: '1982-01-01' })

  // ---- given
  const out = await send('/exchange/out' + who + '&format=csv', '')
  const table = read(out.text)
  const at = header => table[0].indexOf(header)
  ok('the template goes out with all residents', out.status === 200 && table.length === 4 && at('平台编号') === 0, out.text.slice(0, 300))
  ok('numbers in full, words for codes, nothing a formula', table.some(r => r[at('证件号码')] === 'P0000001' && r[at('联系电话')] === '13800000001' && r[at('性别')] === '男') && out.text.includes('"\'=1+1"'))
  const given = (await committee('GET', '/exchange?sort=-id&limit=1')).body.items[0]
  ok('it is on record', given.f.direction === 'out' && given.f.ok === 3 && given.f.purpose === 'duty' &&
    (await (await client(box.base, 'admin'))('GET', '/audit')).body.items.some(x => x.f.object === given.id && x.f.action === 'export'), JSON.stringify(given))
  const book = await send('/exchange/out' + who + '&format=xlsx', '')
  fs.writeFileSync(`${dir}/out.xlsx`, book.bytes)
  ok('as XLSX, too', book.status === 200 && spawnSync('unzip', ['-p', `${dir}/out.xlsx`, 'xl/worksheets/sheet1.xml', 'xl/sharedStrings.xml'], { encoding: 'utf8' }).stdout.includes('P0000001'))
  ok('only those who may, may', (await (await sender('worker'))('/exchange/out' + who, '')).status === 403 && (await (await sender('supervisor'))('/exchange/in' + who, 'x')).status === 403)

  // ---- what the platform sends back: numbers of its own, and what it believes
  const theirs = table.map(r => [...r])
  const row = no => theirs.find(r => r[at('证件号码')] === no)
  row('P0000001')[0] = 'ZJ-1'
  row('P0000002')[0] = 'ZJ-2'
  row('P0000001')[at('出生日期')] = '1980/2/1' // the partner is master of it
  row('P0000001')[at('联系电话')] = '139 9999 9999' // the community is
  const back = csv([[...theirs[0], '平台备注'], row('P0000001'), row('P0000002'), ['ZJ-9', '钱陌生', '其他', 'P0000009', '男', '1990-01-01']])
  fs.writeFileSync(`${dir}/back.csv`, back)
  const seen = await send('/exchange/in' + who, back)
  ok('a file that came is compared first', seen.status === 200 && seen.body.counts.ask === 1 && seen.body.counts.pair === 1 && seen.body.counts.only === 1 && seen.body.here === 1 && seen.body.foreign[0] === '平台备注', seen.text.slice(0, 600))
  ok('nothing is written by looking', (await worker('GET', '/person?ext_id=ZJ-1')).body.items.length === 0)
  ok('masked fields stay masked in the report', !seen.text.includes('13800000001') && seen.text.includes('138****0001'))
  const report = await send('/exchange/in' + who + '&report=1', back)
  fs.writeFileSync(`${dir}/report.xlsx`, report.bytes)
  const lines = spawnSync('unzip', ['-p', `${dir}/report.xlsx`, 'xl/worksheets/sheet1.xml', 'xl/sharedStrings.xml'], { encoding: 'utf8' }).stdout
  ok('the differences as a spreadsheet', report.status === 200 && lines.includes('以对方为准') && lines.includes('以本社区为准'))

  const page = await open(1440, 900)
  await login(page, box.base, 'committee')
  await page.goto(`${box.base}/platform`)
  await page.waitForSelector('text=以对方为准：')
  await page.setInputFiles('input[type=file]', `${dir}/back.csv`)
  ok('on the screen, with who is master', await shows(page, 'td.said:has-text("以本社区为准，提出更正申请核对")'))
  await look(page, '1440 exchange')
  await page.click('button:has-text("按以上处理")')
  ok('done as it said', await shows(page, 'text=已处理：更新 1 项，提出更正申请 1 件'))
  const now = (await worker('GET', `/person/${wang}`)).body.f
  ok('the partner\'s field is taken over, the number pairs', now.birth === '1980-02-01' && now.ext_id === 'ZJ-1' && (await worker('GET', `/person/${li}`)).body.f.ext_id === 'ZJ-2')
  const phone = async () => (await worker('POST', `/person/${wang}/unmask`, { fields: ['phone'], purpose: 'check' })).body.fields.phone
  ok('the community\'s is not overwritten', await phone() === '13800000001')
  const asked = (await worker('GET', `/change_request?target=${wang}`)).body.items
  ok('it is asked for', asked.length === 1 && asked[0].state === 'filed')
  ok('what only the partner has is told, not added', (await worker('GET', '/person?ext_id=ZJ-9')).body.items.length === 0)

  // ---- again
  const again = await send('/exchange/in' + who + '&commit=1', back)
  ok('a second time changes nothing and asks nothing twice', again.body.taken === 0 && again.body.asked === 0 && again.body.saved === 0 && (await worker('GET', `/change_request?target=${wang}`)).body.items.length === 1, again.text.slice(0, 300))
  await worker('POST', `/change_request/${asked[0].id}/steps`, { action: 'apply' })
  ok('once it was checked and applied all is the same', await phone() === '13999999999' && (await send('/exchange/in' + who, back)).body.counts.same === 2)

  // ---- files that are not what they should be
  const bad = async (what, text, good) => { const r = await send('/exchange/in' + who, text); ok(what, good(r), r.text.slice(0, 300)) }
  await bad('a file without the platform\'s number is refused in words', csv([['姓名', '证件号码'], ['王平台', 'P0000001']]), r => r.status === 422 && r.text.includes('没有找到表头'))
  await bad('noise is refused', Buffer.from([0x50, 0x4b, 3, 4, 1, 2, 3]), r => r.status === 422)
  const rows = lines => csv([['平台编号', '姓名', '证件号码', '出生日期'], ...lines])
  const why = (r, text) => r.status === 200 && r.body.counts.error >= 1 && r.text.includes(text)
  await bad('another number for a paired record is refused', rows([['ZJ-5', '王平台', 'P0000001', '']]), r => why(r, '已与另一个平台编号配对'))
  await bad('two rows for one record are refused', rows([['ZJ-1', '王平台', '', ''], ['ZJ-1', '王平台', '', '']]), r => why(r, '是同一条记录'))
  await bad('a row without number is refused', rows([['', '王平台', 'P0000001', '']]), r => why(r, '缺少平台编号'))
  await bad('an impossible day is refused', rows([['ZJ-1', '王平台', 'P0000001', '1980-02-30']]), r => why(r, '不是有效的日期'))
  await bad('a rounded number is refused', rows([['ZJ-1', '王平台', '3.30106E+17', '']]), r => why(r, '四舍五入'))
  ok('an unknown template is refused', (await send('/exchange/in?partner=social&template=none&purpose=check', back)).status === 422)
  ok('a wrong purpose, too', (await send('/exchange/out?partner=social&template=person&purpose=none', '')).status === 422)
  const small = await open(360, 640)
  await login(small, box.base, 'committee')
  await small.goto(`${box.base}/platform`)
  await small.waitForSelector('text=以对方为准：')
  await look(small, '360 exchange')
} catch (e) {
  ok('the exchange', false, e.stack.slice(0, 900))
}
await end()
