// A thirteenth module is one JSON file: a reading corner with books that are lent. It is put into a node's folder, and stands in the menu, the
// lists, forms, records, steps, statistics, prints, searches, exports, the API and its description, without any other change.
import fs from 'node:fs'
import { dir, end, login, look, must, ok, open, run, shows, startNode, until } from './lib-browser.mjs'

const L = (zh, en) => ({ zh, en })
const LIBRARY = {
  module: 'library', rank: 13, label: L('图书角', 'Reading corner'),
  codes: { shelf: [{ code: 'novel', ...L('小说', 'Novels') }, { code: 'child', ...L('童书', 'For children') }] },
  collections: [{
    name: 'book', version: 1, label: L('图书', 'Book'), audience: 'P', title: ['name'], number: 'B', search: ['name', 'writer'],
    fields: [
      { name: 'no', type: 'str', label: L('编号', 'No.'), readonly: true },
      { name: 'name', type: 'str', label: L('书名', 'Title'), required: true },
      { name: 'writer', type: 'str', label: L('作者', 'Author') },
      { name: 'shelf', type: 'code', codes: 'shelf', label: L('书架', 'Shelf'), required: true },
      { name: 'pages', type: 'int', min: 1, max: 9999, label: L('页数', 'Pages') }
    ],
    workflow: {
      first: 'in', final: ['gone'], states: { in: L('在架', 'In'), lent: L('借出', 'Lent'), gone: L('注销', 'Gone') },
      steps: [
        { action: 'lend', from: ['in'], to: 'lent', roles: ['worker'], note: 'required', label: L('借出', 'Lend') },
        { action: 'back', from: ['lent'], to: 'in', roles: ['worker'], label: L('归还', 'Take back') },
        { action: 'drop', from: ['in', 'lent'], to: 'gone', roles: ['committee'], label: L('注销', 'Strike off') }
      ]
    },
    rights: { read: ['guest', 'resident', 'worker', 'committee'], create: ['worker'], update: ['worker'], delete: ['committee'] },
    list: ['no', 'name', 'writer', 'shelf'], filters: ['shelf', 'state'], sort: 'name'
  }],
  statistics: [{ code: 'books_by_shelf', label: L('按书架的图书', 'Books by shelf'), kind: 'count', collection: 'book', filter: {}, dims: ['shelf', 'state'], period: 'none', open: true }],
  screens: [
    { for: ['worker'], rank: 31, kind: 'actions', slot: 'actions', tiles: [{ key: 'book', label: L('登记图书', 'Add a book'), icon: 'news', to: '/book/new', collection: 'book', needs: 'create' }] },
    { for: ['worker', 'resident'], rank: 92, kind: 'list', title: L('可借的书', 'Books to borrow'), collection: 'book', where: { state: 'in' }, sort: '-id', limit: 5, show: ['writer'] }
  ]
}
const port = Number(process.env.PORT0 ?? 18650) + 170

try {
  const put = (at, m) => {
    fs.mkdirSync(`${at}/module`, { recursive: true })
    fs.writeFileSync(`${at}/module/library.json`, JSON.stringify(m))
  }
  const node = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'resident'], undefined, {
    prepare: at => {
      // a mistake is told with file and place, and nothing starts
      put(at, { ...LIBRARY, collections: [{ ...LIBRARY.collections[0], list: ['no', 'title'] }] })
      let told = ''
      try { run(['verify', '--dir', at]) } catch (e) { told = e.message }
      ok('a mistake in the file is told with file and place', told.includes('library: book: a list names an unknown field "title"'), told)
      put(at, LIBRARY)
    }
  })
  const { base } = node
  const desk = await open(1440, 900)
  await login(desk, base, 'worker')
  await desk.click('.action:has-text("登记图书")')
  ok('the form comes from the file', await shows(desk, 'h1:has-text("新增：图书")'))
  await look(desk, '1440 form of the module')
  await desk.fill('#f-name', '活着')
  await desk.fill('#f-writer', '余华')
  await desk.selectOption('#f-shelf', 'novel')
  await desk.fill('#f-pages', '191')
  await desk.click('form button.primary')
  ok('a record is kept, and has a number', await shows(desk, '.done:has-text("B330106005055")'))
  await look(desk, '1440 record of the module')
  await desk.click('.steps button:has-text("借出")')
  await desk.fill('form textarea', '借给二幢张老师')
  await desk.click('button:has-text("确定借出")')
  ok('its steps are taken', await shows(desk, '.chip:has-text("借出")'))
  await must(desk, 'POST', '/book', { name: '小王子', shelf: 'child', pages: 97 })

  await desk.click('.nav a[href="/"]')
  await desk.click('.nav button:has-text("图书角")')
  await desk.click('.nav a:has-text("图书")')
  ok('the menu leads to its list', await shows(desk, 'td:has-text("活着"), td a:has-text("活着")'))
  await desk.click('.kinds button:has-text("童书")')
  ok('which is filtered by its kinds', await shows(desk, 'tbody tr:has-text("小王子")') && await until(desk, async () => await desk.locator('tbody tr').count() === 1))
  await look(desk, '1440 list of the module')

  const book = (await must(desk, 'GET', '/book?state=lent')).items[0].id
  await desk.goto(`${base}/book/${book}/sheet`)
  ok('its sheet prints, with a code to scan', await shows(desk, '.paper h1:has-text("活着")') && await desk.waitForFunction(() => { const i = document.querySelector('.qr img'); return i && i.complete && i.naturalWidth > 0 }).then(() => true, () => false))
  await desk.goto(`${base}/stats`)
  ok('its statistics have a chart and a table', await shows(desk, 'section.card:has(h2:has-text("按书架的图书")) svg') && await shows(desk, 'section.card:has(h2:has-text("按书架的图书")) details'))
  ok('a search finds it by two letters', await until(desk, async () => (await must(desk, 'GET', '/search?q=' + encodeURIComponent('余华'))).items.some(i => i.collection === 'book')))
  const sheet = await desk.evaluate(async () => { const r = await fetch('/api/v1/export/book.csv'); return r.ok ? r.text() : String(r.status) })
  ok('it is exported', sheet.includes('活着') && sheet.includes('小王子'), sheet.slice(0, 200))
  const api = await desk.evaluate(async () => (await fetch('/api/openapi.json')).json())
  ok('the description of the API knows it', '/api/v1/book' in api.paths && JSON.stringify(api).includes('"pages"'))

  const phone = await open(360, 640)
  await login(phone, base, 'resident')
  ok('residents see what can be borrowed on their first screen', await shows(phone, '.block:has-text("可借的书") a.item:has-text("小王子")'))
  ok('and may not add', (await phone.evaluate(async () => (await fetch('/api/v1/book', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"x","shelf":"novel"}' })).status)) === 403)
  await look(phone, '360 first screen with the module')

  // off and on again by the same setting as the others (R11)
  const boss = await open(1440, 900)
  await login(boss, base, 'committee')
  await boss.goto(`${base}/module_setting/new`)
  await boss.selectOption('#f-module', { label: '图书角' })
  await must(boss, 'POST', '/module_setting', { module: 'library', enabled: false })
  const add = page => page.evaluate(async () => (await fetch('/api/v1/book', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"边城","shelf":"novel"}' })).status)
  ok('it is switched off like the others: no new entries', await add(desk) === 403, String(await add(desk)))
  await phone.goto(base)
  ok('and it leaves the first screen', await phone.locator('main').waitFor().then(() => shows(phone, 'main')) && await phone.locator('.block:has-text("可借的书")').count() === 0)
  ok('what was there stays', (await must(desk, 'GET', `/book/${book}`)).f.name === '活着')
  await must(boss, 'POST', '/module_setting', { module: 'library', enabled: true, label: '读书会' })
  ok('switched on again, under the name it was given', await add(desk) === 201 && JSON.stringify(await must(desk, 'GET', '/schema?brief=1')).includes('读书会'))
  await boss.context().close()

  const before = await must(desk, 'GET', `/book/${book}`)
  for (const p of [desk, phone]) await p.context().close()
  node.child.kill('SIGTERM')
  await new Promise(done => node.child.on('exit', done))
  run(['rebuild', '--dir', node.dir])
  ok('a rebuild reads its records again', true)
  ok('and the log is sound', run(['verify', '--dir', node.dir]) !== undefined && before.state === 'lent')
} catch (e) {
  ok('the thirteenth module', false, e.stack.slice(0, 900))
}
await end()
