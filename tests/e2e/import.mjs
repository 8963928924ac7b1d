// M2 "works when": 3,000 residents import from the clerk's own spreadsheet in one sitting, every rejected row says why, and a second
// import changes only what changed. In the browser as XLSX, by `linli load` as CSV in UTF-8 and GB18030; then what was left out is
// mended and given in again, and the whole of it is taken back.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { client, dir, end, login, look, ok, open, run, shows, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 240
const files = `${dir}/sheets`
fs.mkdirSync(files)
const made = spawnSync('build/tool/sample', ['--out', files, '--seed', '7', '--today', new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)])
if (made.status !== 0) throw new Error('sample: ' + made.stderr)
const expected = JSON.parse(fs.readFileSync(`${files}/expected.json`, 'utf8'))
const warnings = expected.wrong_check_digit + expected.round
const errors = expected.rounded_number + expected.name_missing + expected.impossible_date + expected.short_phone + expected.unknown_word
const good = expected.rows - warnings - errors - expected.duplicate
const box = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'supervisor'])
const other = await startNode('文三社区', port + 1, '330106005056', 'community', ['worker'])
for (const node of [box, other]) run(['load', '--dir', node.dir, '--collection', 'building', `${files}/02-building.jsonl`])

const total = async (call, where) => (await call('GET', `${where}${where.includes('?') ? '&' : '?'}limit=1&count=1`)).body.total
const changes = node => Number(spawnSync('sqlite3', [`${node.dir}/linli.db`, 'PRAGMA busy_timeout=5000; SELECT count(*) FROM change WHERE rec IS NOT NULL'], { encoding: 'utf8' }).stdout.trim().split('\n').pop())
/** Rows of an XLSX that libxlsxwriter made: texts stand in their cells. */
function rows(file) {
  const part = name => spawnSync('unzip', ['-p', file, name], { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout
  const plain = t => t.replace(/<[^>]+>/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&')
  const strings = (part('xl/sharedStrings.xml').match(/<si>.*?<\/si>/gs) || []).map(plain)
  return (part('xl/worksheets/sheet1.xml').match(/<row .*?<\/row>/gs) || []).map(r => {
    const line = []
    for (const m of r.matchAll(/<c r="([A-Z]+)\d+"([^>]*)>(.*?)<\/c>/gs)) {
      const at = [...m[1]].reduce((n, c) => n * 26 + c.charCodeAt(0) - 64, 0) - 1
      line[at] = /t="s"/.test(m[2]) ? strings[Number(plain(m[3]))] : plain(m[3])
    }
    return line
  })
}
const csv = lines => '\ufeff' + lines.map(l => Array.from(l, c => `"${(c ?? '').replace(/"/g, '""')}"`).join(',')).join('\r\n') + '\r\n'
const upload = (page, file) => page.setInputFiles('input[type=file]', file)
const chip = (page, word) => page.locator(`button.chip:has-text("${word}")`).first().innerText().then(t => Number(t.match(/\d+/)?.[0] ?? 0), () => 0)
const verdicts = async page => ({ ok: await chip(page, '新增'), changed: await chip(page, '更新'), same: await chip(page, '无变化'), warning: await chip(page, '待核'), error: await chip(page, '有误'), duplicate: await chip(page, '重复') })
const is = (got, want) => Object.keys(want).every(k => got[k] === want[k])

try {
  // ---- the clerk's own spreadsheet, in one sitting
  const page = await open(1440, 900, { acceptDownloads: true })
  await login(page, box.base, 'worker')
  const worker = await client(box.base, 'worker')
  await page.goto(`${box.base}/person/import`)
  await upload(page, `${files}/residents.xlsx`)
  ok('the preview judges every row', await shows(page, `button.chip:has-text("全部 ${expected.rows}")`))
  const seen = await verdicts(page)
  ok('each by what it is', is(seen, { ok: good, changed: 0, same: 0, warning: warnings, error: errors, duplicate: expected.duplicate }), JSON.stringify([seen, expected]))
  ok('nothing is written before it was confirmed', await total(worker, '/person') === 0)
  const said = await page.evaluate(async () => {
    const all = []
    for (;;) {
      for (const tr of document.querySelectorAll('tbody tr')) all.push([tr.querySelector('.chip').textContent, [...tr.querySelectorAll('p.error')].map(p => p.textContent)])
      const next = [...document.querySelectorAll('.pager button')].pop()
      if (!next || next.disabled || all.length >= 250) return all
      next.click()
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    }
  })
  const rejected = said.filter(([what]) => ['有误', '待核', '重复'].includes(what))
  ok('every rejected row says why', rejected.length === warnings + errors + expected.duplicate && rejected.every(([, why]) => why.length > 0), String(rejected.length))
  const words = rejected.flatMap(([, why]) => why).join('\n')
  for (const [what, text] of [['rounded numbers', '四舍五入'], ['wrong check digits', '校验位不符，请核对证件'], ['impossible dates', '不是有效的日期，请改为'], ['short phones', '请填 11 位手机号'],
    ['unknown words', '不在可选值中，请改为：本地户籍'], ['missing names', '姓名：必填'], ['repeated rows', '请删去其中一行']])
    ok(`what to do about ${what}`, words.includes(text), words.slice(0, 400))
  ok('columns that are not taken are named', await shows(page, 'text=不认识、不导入的栏目：序号、备注'))
  await look(page, '1440 import preview')
  await page.click(`button:has-text("保存 ${good} 行")`)
  const told = await page.waitForSelector('[role=progressbar]', { timeout: 5000 }).then(() => true, () => false)
  ok('long work shows how far it is', told)
  ok('what is right is saved', await shows(page, `text=已保存 ${good} 行`) && await total(worker, '/person') === good)
  await look(page, '1440 import done')

  // ---- they stand in their houses
  const head = (await worker('GET', '/residence?relation=01&limit=1')).body.items[0]
  const home = (await worker('GET', `/residence?dwelling=${head.f.dwelling}&limit=50`)).body.items
  const house = (await worker('GET', `/household/${head.f.household}`)).body
  ok('residents stand in dwelling and household', home.length >= 1 && home.every(r => r.f.household === head.f.household) && house.f.head === head.f.person && house.f.dwelling === head.f.dwelling)
  ok('all of them', await total(worker, '/residence') === good)
  ok('daughters and sons are told apart', await total(worker, '/residence?relation=30') > 0 && await total(worker, '/residence?relation=20') > 0)
  const dwellings = await total(worker, '/dwelling')

  // ---- mended and given in again
  const [down] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("下载未导入的")')])
  await down.saveAs(`${files}/refused.xlsx`)
  const left = rows(`${files}/refused.xlsx`)
  ok('what was left out comes back as a spreadsheet with the reason', left.length === 1 + rejected.length && left[0].at(-1) === '未导入的原因' && left.slice(1).every(r => r[left[0].length - 1]))
  const at = name => left[0].indexOf(name)
  const name = `张补${'齐'}`
  const mended = left.slice(1).filter(r => !r.at(-1).includes('重复')).map((r, i) => {
    const why = r.at(-1)
    const birth = /^\d{4}-\d\d-\d\d$/.test(r[at('出生日期')]) && !why.includes('不是有效的日期') ? r[at('出生日期')] : `1990-01-${String(10 + i % 18)}`
    if (why.includes('四舍五入') || why.includes('校验位')) r[at('身份证号码')] = idNo(birth, 100 + i)
    r[at('出生日期')] = birth
    if (why.includes('电话')) r[at('联系电话')] = '142 0000 ' + String(1000 + i)
    if (why.includes('姓名')) r[at('姓名')] = name
    r[at('人员类别')] = '户籍居民'
    return r
  })
  fs.writeFileSync(`${files}/mended.csv`, csv([left[0], ...mended]))
  await upload(page, `${files}/mended.csv`)
  await page.waitForSelector(`button:has-text("保存 ${mended.length} 行")`)
  await page.click(`button:has-text("保存 ${mended.length} 行")`)
  ok('the mended rows go in', await shows(page, `text=已保存 ${mended.length} 行`) && await total(worker, '/person') === good + mended.length, JSON.stringify(await verdicts(page)))
  ok('into the same houses', await total(worker, '/residence') === good + mended.length && Math.abs(await total(worker, '/dwelling') - dwellings) < 12)
  ok('a phone with blanks is the phone', (await worker('GET', `/person?phone=14200001000`)).status === 200)

  // ---- a second import changes only what changed
  run(['load', '--dir', box.dir, '--collection', 'person', `${files}/residents.csv`])
  const before = changes(box)
  await page.goto(`${box.base}/person/import`)
  await upload(page, `${files}/residents-2.csv`)
  await page.waitForSelector(`button:has-text("保存 ${expected.changed_in_second} 行")`)
  ok('only what changed is to be saved', is(await verdicts(page), { ok: 0, changed: expected.changed_in_second, same: good - expected.changed_in_second + expected.name_missing }), JSON.stringify([await verdicts(page), good]))
  await page.locator('button.chip:has-text("更新")').first().click()
  ok('and it shows what it was', await shows(page, 'td.said p.quiet:has-text("联系电话：原为")') && await page.locator('td.said p.quiet:has-text("142")').first().innerText().then(x => x.includes('****')))
  await page.click(`button:has-text("保存 ${expected.changed_in_second} 行")`)
  await page.waitForSelector(`text=已保存 ${expected.changed_in_second} 行`)
  ok('the log has a line for each, and those of the import itself', changes(box) - before === expected.changed_in_second + 3, String(changes(box) - before))
  ok('no record more', await total(worker, '/person') === good + mended.length && await total(worker, '/residence') === good + mended.length)

  // ---- linli load
  const changed = `${files}/05-person.jsonl`
  const lines = fs.readFileSync(changed, 'utf8').trim().split('\n')
  ok('a dry run of changes takes as many as there are', lines.length > 2048 && run(['load', '--dir', other.dir, '--dry-run', changed]).includes(String(lines.length)))
  const person = { name: '张试', id_type: '111', sex: '1', kind: 'local', status: 'living' }
  fs.writeFileSync(`${files}/fields.jsonl`, [person, { ...person, name: '' }, person].map(p => JSON.stringify(p)).concat('{"t":"person@1","i":"x","o":"add"}', '没有').join('\n'))
  const tried = spawnSync(process.env.LINLI ?? 'build/linli', ['load', '--dir', other.dir, '--collection', 'person', '--dry-run', '--json', `${files}/fields.jsonl`], { encoding: 'utf8' })
  const judged = JSON.parse(tried.stdout)
  ok('one of fields names every line that a load would refuse', tried.status === 1 && judged.total === 5 && judged.saved === 0 && judged.wrong.map(w => w.no).join() === '2,4,5', tried.stdout)
  const dry = run(['load', '--dir', other.dir, '--collection', 'person', '--dry-run', `${files}/residents-gb18030.csv`])
  const there = await client(other.base, 'worker')
  ok('linli load --dry-run judges and writes nothing', dry.includes(String(good)) && await total(there, '/person') === 0, dry.slice(-300))
  const loaded = run(['load', '--dir', other.dir, '--collection', 'person', `${files}/residents-gb18030.csv`])
  ok('GB18030 goes in as XLSX did', loaded.includes(String(good)) && await total(there, '/person') === good && await total(there, '/residence') === good, loaded.slice(-300))
  ok('with a reason for every row that does not', (loaded.match(/^(row|第) ?\d+/gm) || []).length === warnings + errors + expected.duplicate)
  const again = changes(other)
  run(['load', '--dir', other.dir, '--collection', 'person', `${files}/residents.csv`])
  ok('the same in UTF-8 changes nothing', changes(other) === again)
  fs.writeFileSync(`${files}/no-unit.csv`, '\ufeff姓名,人员类别,楼幢,房号,与户主关系\r\n王平房,户籍居民,2幢,901,户主\r\n')
  run(['load', '--dir', other.dir, '--collection', 'person', `${files}/no-unit.csv`])
  const bare = (await there('GET', '/household?sort=-id&limit=1')).body.items[0]
  ok('where no unit is written, the number of the household has none', bare.f.no === '2幢-901', JSON.stringify(bare))

  // ---- tables that are not what they should be
  const bad = async (what, text, want) => {
    fs.writeFileSync(`${files}/${what}.csv`, text)
    await page.goto(`${box.base}/person/import`)
    await upload(page, `${files}/${what}.csv`)
    ok(`${what}: in words`, await shows(page, `text=${want}`))
  }
  await bad('no required column', '\ufeff身份证号码,出生日期\r\n330106199001011237,1990-01-01\r\n', '缺少必填的栏目：姓名、人员类别')
  await bad('no header', '\ufeff甲,乙\r\n1,2\r\n', '没有找到表头')
  await bad('nowhere', '\ufeff姓名,人员类别,楼幢,房号\r\n王无处,户籍居民,99幢,101\r\n', '没有登记“99幢”，请先在“楼幢”中登记')
  await bad('two of that name', '\ufeff姓名,人员类别,楼幢,房号\r\n王两处,户籍居民,翠苑一区幢,101\r\n', '没有登记“翠苑一区幢”')

  // ---- the whole of an import taken back
  await page.goto(`${box.base}/import_run`)
  const second = await page.locator('tr:has-text("residents-2.csv") a').first().getAttribute('href')
  const takeBack = async (where, done) => {
    await page.goto(box.base + where)
    await page.click('button:has-text("撤销整次导入")')
    await look(page, '1440 take an import back')
    await page.click('[role=dialog] button.danger')
    return page.waitForSelector(`text=${done}`, { timeout: 60000 }).then(() => true, () => false)
  }
  ok('corrections are put back', await takeBack(second, `已撤销：删除 0 条，还原 ${expected.changed_in_second} 条，保留 0 条`))
  await page.goto(`${box.base}/person/import`)
  await upload(page, `${files}/residents-2.csv`)
  ok('as they were before', await shows(page, `button:has-text("保存 ${expected.changed_in_second} 行")`))
  const runs = (await worker('GET', '/import_run?limit=50&sort=id')).body.items
  const third = runs.find(r => r.f.file === 'mended.csv')
  const touched = (await worker('GET', `/person?name=${encodeURIComponent(name)}&limit=1`)).body.items[0].id
  await worker('PATCH', `/person/${touched}`, { employer: '翠苑小学' })
  const gone = await takeBack(`/import_run/${third.id}`, '已撤销：删除')
  const f = (await worker('GET', `/import_run/${third.id}`)).body.f
  const stay = await total(worker, '/person') - good
  const { residence, ...homes } = f.others // who stays keeps the residence, and dwelling and household if they came with this import
  const built = Object.values(homes).reduce((a, b) => a + b, 0)
  ok('what it added is gone, what was changed since stays, in its house', gone && stay >= 1 && stay < 6 && residence === f.added &&
    f.kept >= 2 * stay && f.kept <= 2 * stay + Math.min(built, 2 * stay) && f.removed + f.kept === f.added + residence + built &&
    (await worker('GET', `/person/${touched}`)).status === 200, JSON.stringify([stay, f]))
  ok('and the houses are as they were', await total(worker, '/residence') === good + stay && await total(worker, '/building') === 22, String(await total(worker, '/residence')))
  ok('it is taken back once', (await worker('POST', `/import/${third.id}/undo`, {})).status === 409)
  ok('and not by everybody', (await (await client(box.base, 'supervisor'))('POST', `/import/${runs[0].id}/undo`, {})).status === 403)
  const phone = await open(360, 640)
  await login(phone, box.base, 'worker')
  await phone.goto(`${box.base}/person/import`)
  await upload(phone, `${files}/mended.csv`)
  await phone.waitForSelector('td.said')
  await look(phone, '360 import preview')
} catch (e) {
  ok('the import', false, e.stack.slice(0, 900))
}
await end()

/** An invented number with a right check digit. */
function idNo(birth, n) {
  const head = '330106' + birth.replace(/-/g, '') + String(n).padStart(3, '0')
  const sum = [...head].reduce((s, d, i) => s + Number(d) * [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2][i], 0)
  return head + '10X98765432'[sum % 11]
}
