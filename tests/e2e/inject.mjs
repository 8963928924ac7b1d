// What people type is text everywhere: no script runs from any field of any collection on any page, no export carries a formula,
// no other site's page acts for whoever is signed in, and nobody writes a field that is not theirs to write.
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { dir, end, login, ok, open, run, startNode } from './lib-browser.mjs'
import { canon, colls, fields, made, newId, ways } from './lib-records.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 150
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['admin', 'committee', 'worker', 'supervisor', 'resident', 'merchant'])
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) })
const json = { Origin: base, 'Content-Type': 'application/json' }
async function enter(who) {
  const r = await again(`${base}/api/v1/session`, { method: 'POST', headers: json, body: JSON.stringify({ login: who, password: `linli-${who}` }) })
  const s = await r.json()
  return { who, account: s.account.id, person: s.account.person ?? '', cookie: r.headers.get('set-cookie') }
}
const call = (user, method, where, body, headers = json) => again(`${base}/api/v1${where}`, { method, headers: { ...headers, cookie: user.cookie.split(';')[0] }, body: body && JSON.stringify(body) })

const SCRIPTS = ['<script>window.hurt=1</script>', '"><img src=x onerror=window.hurt=1>', 'javascript:window.hurt=1', '<svg/onload=window.hurt=1>', '{{constructor.constructor("window.hurt=1")()}}']
const FORMULAS = ['=cmd|\' /C calc\'!A0', '+1+1', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '＝1+1']
const skip = ['account', 'membership', 'module_setting', 'stat_value', 'stat_open']

/** The same record with these texts in turn in every field that takes one. */
function poisoned(coll, owner, texts, i) {
  const f = fields(coll, owner)
  for (const d of coll.fields) {
    const text = texts[i++ % texts.length]
    if (d.name === coll.own || d.codes || d.check) continue
    if (d.type === 'str' || d.type === 'text') f[d.name] = text.slice(0, d.max ?? 200)
    else if (d.type === 'list' && !d.to && !d.items) f[d.name] = [text]
    else if (d.type === 'map' && d.name !== 'handlers') f[d.name] = { note: text }
  }
  return f
}

try {
  const users = Object.fromEntries(await Promise.all(['admin', 'committee', 'worker', 'supervisor', 'resident', 'merchant'].map(async w => [w, await enter(w)])))
  for (const c of colls) made[c.name] = newId()
  const rows = []
  for (const coll of colls.filter(c => !skip.includes(c.name)))
    for (const texts of [SCRIPTS, FORMULAS]) {
      const state = Object.entries(ways(coll)).sort((a, b) => b[1].length - a[1].length)[0]
      const row = { coll, id: newId(), f: poisoned(coll, users.resident, texts, rows.length) }
      const lines = [canon({ f: row.f, i: row.id, o: 'add', t: `${coll.name}@${coll.version}` })]
      let before = row.id
      for (const s of state[1]) {
        const id = newId()
        lines.push(canon({ ...(before === row.id ? {} : { b: [before] }), f: { action: s.action, to: s.to }, i: id, o: 'step', r: row.id, t: `${coll.name}@${coll.version}` }))
        before = id
      }
      fs.writeFileSync(path.join(dir, 'lines.jsonl'), lines.join('\n') + '\n')
      run(['load', '--dir', node, '--collection', coll.name, path.join(dir, 'lines.jsonl')])
      rows.push(row)
    }

  // ---- scripts
  for (const who of ['committee', 'resident']) {
    const page = await open(1440, 900)
    let dialogs = 0
    page.on('dialog', d => { dialogs++; void d.dismiss() })
    await login(page, base, who)
    const go = async where => {
      await page.evaluate(w => { history.pushState(null, '', w); dispatchEvent(new PopStateEvent('popstate')) }, where)
      await page.waitForFunction(() => !document.querySelector('.skeleton'), undefined, { timeout: 10000 })
    }
    let seen = 0
    for (const coll of colls.filter(c => !skip.includes(c.name))) {
      const mine = []
      for (const r of rows.filter(r => r.coll === coll).slice(0, 1)) // the one with scripts
        if ((await call(users[who], 'GET', `/${coll.name}/${r.id}`)).status === 200) mine.push(r)
      if (mine.length === 0) continue
      await go('/' + coll.name)
      for (const r of mine) { await go(`/${coll.name}/${r.id}`); seen++ }
    }
    await go('/')
    ok(`${who}: no script ran from ${seen} records, their lists and the first screen`, seen > 10 && dialogs === 0 && await page.evaluate(() => window.hurt === undefined))
  }
  const lite = await (await again(`${base}/lite`)).text()
  ok('nor on the pages without script', !/<script|<img|<svg\/onload/.test(lite))
  for (const feed of ['news.atom', 'notice.atom', 'notice.ics']) {
    const text = await (await again(`${base}/feed/${feed}`)).text()
    ok(`nor in ${feed}`, !text.includes('<script>window') && (!feed.endsWith('atom') || spawnSync('xmllint', ['--noout', '-'], { input: text }).status === 0))
  }

  // ---- formulas
  const csvCells = text => text.replace(/^\ufeff/, '').split(/\r\n/).flatMap(line => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []).map(c => c.replace(/,$/, '').replace(/^"|"$/g, ''))
  const bad = []
  let files = 0
  for (const coll of colls.filter(c => !skip.includes(c.name))) {
    const csv = await call(users.committee, 'GET', `/export/${coll.name}.csv`)
    if (csv.status !== 200) continue
    for (const cell of csvCells(await csv.text())) if (/^[=+@\r＝＋－＠]|^\t(?![0-9X]{11,}$)|^-[^0-9]/.test(cell)) /* a tab keeps long numbers whole */ bad.push(`${coll.name}.csv ${cell}`)
    const xlsx = await call(users.committee, 'GET', `/export/${coll.name}.xlsx`)
    const file = path.join(dir, 'one.xlsx')
    fs.writeFileSync(file, Buffer.from(await xlsx.arrayBuffer()))
    const sheet = execFileSync('unzip', ['-p', file, 'xl/worksheets/sheet1.xml'], { encoding: 'utf8', maxBuffer: 1 << 26 })
    if (/<f[ >]/.test(sheet)) bad.push(`${coll.name}.xlsx has a formula`)
    files += 2
  }
  ok(`no formula in ${files} exports`, files > 40 && bad.length === 0, bad.slice(0, 5).join(' | '))

  // ---- another site
  ok('the cookie is kept from other sites and from scripts', /HttpOnly/i.test(users.worker.cookie) && /SameSite=Strict/i.test(users.worker.cookie))
  const origins = [{}, { Origin: 'http://evil.example' }, { Origin: 'null' }, { Origin: base.replace('127.0.0.1', '127.0.0.1.evil.example') }, { Origin: base + '.evil.example' }, { Origin: base.replace('http:', 'https:').replace(/:\d+$/, '') }]
  let through = 0
  for (const o of origins)
    for (const [method, where, body] of [['POST', '/notice', { title: 'x', body: 'x', kind: 'other', expire: '2030-01-01' }], ['PATCH', `/notice/${rows[0].id}`, {}], ['DELETE', `/notice/${rows[0].id}`], ['DELETE', '/session'],
      ['POST', '/session/password', { old: 'linli-worker', new: 'x' }], ['POST', '/sync'], ['POST', '/files?name=a'], ['POST', '/import?collection=person']])
      if ((await call(users.worker, method, where, body, { ...o, 'Content-Type': 'application/json' })).status < 400) through++
  ok('what another site sends is refused', through === 0, `${through} went through`)
  const form = await call(users.worker, 'POST', '/notice', undefined, { Origin: base, 'Content-Type': 'application/x-www-form-urlencoded' })
  ok('a form is no record', form.status >= 400)

  // ---- fields that are not theirs
  const taken = []
  let tried = 0
  for (const coll of colls)
    for (const who of ['resident', 'worker', 'committee', 'merchant']) {
      const good = { ...fields(coll, users[who]) }
      delete good.author
      for (const d of [...coll.fields.filter(d => d.readonly || d.internal), { name: 'author' }, { name: 'state' }, { name: 'id' }, { name: '_state' }, { name: 'region' }]) {
        const value = d.type === 'bool' ? true : d.type === 'int' || d.type === 'fen' || d.type === 'ts' ? 1 : d.type === 'list' ? [] : d.type === 'map' ? {} : made.person
        const body = { ...good, [d.name]: value }
        if (coll.fields.some(x => x.name === d.name && !x.readonly && !x.internal)) continue // its own field of that name
        tried++
        const r = await call(users[who], 'POST', '/' + coll.name, body)
        if (r.status < 400) taken.push(`${who} ${coll.name}.${d.name}`)
      }
    }
  ok(`none of ${tried} attempts to write what the node fills in was taken`, tried > 300 && taken.length === 0, taken.slice(0, 8).join(', '))
} catch (e) {
  ok('injection', false, e.stack.slice(0, 900))
}
await end()
