// Who may do what: every collection × role × own / another household's record, over HTTP, against a reading of the rights in
// the definitions that was written apart from the engine's. What no right grants is denied.
import fs from 'node:fs'
import path from 'node:path'
import { dir, end, knock, ok, run, startNode } from './lib-browser.mjs'
import { canon, colls, fields, made, newId, ways } from './lib-records.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 140
const ROLES = ['worker', 'committee', 'party', 'centre', 'owners', 'property', 'unit', 'social', 'merchant', 'volunteer', 'clerk', 'province', 'supervisor', 'admin', 'operator']
const GRIDS = { wanda: ['01'], wilma: ['02', '03'], willi: ['01', '02'] } // workers of grids: by membership, by the grid's record, with a substitution
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ROLES)

async function api(user, method, where, body) {
  const r = await knock(`${base}/api/v1${where}`, { method, headers: { Origin: base, 'Content-Type': 'application/json', cookie: user.cookie }, body: body && JSON.stringify(body) })
  return { status: r.status, body: await r.json().catch(() => null) }
}
async function enter(login, role) {
  if (!login) return { login: 'guest', role: 'guest', roles: ['guest'], account: '', person: '', homes: [], cookie: '' }
  const r = await knock(`${base}/api/v1/session`, { method: 'POST', headers: { Origin: base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login, password: `linli-${login}` }) })
  const s = await r.json()
  return { login, role, grids: GRIDS[login], roles: ['guest', ...s.roles], account: s.account.id, person: s.account.person ?? '', homes: (s.memberships ?? []).filter(m => m.role !== 'resident').map(m => m.home), cookie: r.headers.get('set-cookie').split(';')[0] }
}

// ---- the rights, read a second time
const value = (row, name) => row.f[name]
const names = (user, v) => (Array.isArray(v) ? v : v && typeof v === 'object' ? Object.keys(v) : [v]).some(x => x && [user.account, user.person, ...user.homes].includes(x))
function holds(word, coll, user, row) {
  if (word === 'author') return user.account !== '' && value(row, 'author') === user.account
  if (word === 'reporter') return user.person !== '' && value(row, 'reporter') === user.person
  if (word === 'handler') return names(user, value(row, 'handler'))
  const [role, what] = word.split(':')
  if (!user.roles.includes(role)) return false
  if (what === undefined) return true
  if (what === 'grid') return !user.grids || !row.grid || user.grids.includes(row.grid)
  const mine = user.account !== '' && value(row, 'author') === user.account
  if (what !== 'own') return names(user, value(row, what))
  const own = coll.own === 'self' ? row.id : coll.own && value(row, coll.own)
  return mine || (Boolean(own) && [user.account, user.person].includes(own))
}
const any = (words, coll, user, row) => (words ?? []).some(w => holds(w, coll, user, row))
function reads(coll, user, row) {
  const when = coll.rights.read_when
  return any(coll.rights.read, coll, user, row) ||
    Boolean(when && when.states.includes(row.state) && (!when.if || value(row, when.if) === true) && any(when.roles, coll, user, row))
}
const steps = (coll, user, row) => [...new Set((coll.workflow?.steps ?? []).filter(s => s.from.includes(row.state) && !(s.not_author && value(row, 'author') === user.account) && any(s.roles, coll, user, row)).map(s => s.action))]

/** In which grid a record stands: by the paths of its collection's `grid`, the first that tells one. */
function gridOf(coll, f, id) {
  for (const path of coll.grid ?? []) {
    if (path.includes('/')) continue // residences of persons: there are none of those that have no grid of their own
    const d = coll.fields.find(x => x.name === path)
    const found = d.type === 'str' ? f[path] : stands[f[path]]
    if (found) return stands[id] = found
  }
}
const stands = {} // id -> grid

try {
  const users = [await enter('', 'guest')]
  for (const r of ROLES) users.push(await enter(r, r))
  const persons = []
  for (const n of ['甲', '乙']) {
    const p = await api(users.find(u => u.role === 'worker'), 'POST', '/person', { name: n, id_type: '990', id_no: 'P' + n, kind: 'local', grid: n === '甲' ? '01' : '02', birth: '1980-01-01', _keep: { id_no: '样例' } })
    persons.push(p.body.id)
    stands[p.body.id] = n === '甲' ? '01' : '02'
  }
  for (const [i, login] of ['anna', 'bert'].entries()) {
    run(['user', 'add', '--dir', node, '--login', login, '--role', 'resident', '--person', persons[i]], `linli-${login}\n`)
    users.push(await enter(login, 'resident'))
  }
  const owners = users.filter(u => u.role === 'resident')
  for (const login of Object.keys(GRIDS)) {
    run(['user', 'add', '--dir', node, '--login', login, '--role', 'worker'], `linli-${login}\n`)
    users.push(await enter(login, 'worker'))
  }
  for (const c of colls) made[c.name] = newId()
  made.person = persons[0]
  made.home = users.find(u => u.role === 'committee').homes[0]
  const rows = []
  for (const coll of colls) {
    if (['account', 'membership', 'module_setting', 'person', 'stat_value', 'stat_open'].includes(coll.name)) continue // what the run itself stands on
    if (coll.name === 'office_holder') continue // the box takes away a card without a membership: office.mjs
    const lines = []
    for (const owner of owners)
      for (const [state, way] of Object.entries(ways(coll))) {
        const id = newId()
        const f = fields(coll, owner)
        const row = { coll, id, state, f, owner, grid: gridOf(coll, f, id) }
        lines.push(canon({ f: row.f, i: row.id, o: 'add', t: `${coll.name}@${coll.version}` }))
        let before = row.id
        for (const s of way) {
          const id = newId()
          lines.push(canon({ ...(before === row.id ? {} : { b: [before] }), f: { action: s.action, to: s.to }, i: id, o: 'step', r: row.id, t: `${coll.name}@${coll.version}` }))
          before = id
        }
        rows.push(row)
      }
    const file = path.join(dir, 'lines.jsonl')
    fs.writeFileSync(file, lines.join('\n') + '\n')
    run(['load', '--dir', node, '--collection', coll.name, file])
  }

  // ---- grids: whose they are is said by a membership, by the grid's record, or for a time
  const committee = users.find(u => u.login === 'committee')
  const worker = login => users.find(u => u.login === login)
  const of = async account => (await api(committee, 'GET', `/membership?account=${account}`)).body.items[0]
  const mine = await of(worker('wanda').account)
  const set = await api(committee, 'PATCH', `/membership/${mine.id}`, { grid: ['01'] })
  ok('the committee names the grids of a worker', set.status === 200, JSON.stringify(set.body))
  const building = await api(committee, 'POST', '/building', { code: '9', name: '九幢', address: { road: '文三路', number: '9' } })
  for (const code of ['01', '02', '03']) {
    const grid = await api(committee, 'POST', '/grid', { code, name: `${code} 网格`, workers: code === '01' ? [] : ['wilma'], buildings: code === '03' ? [building.body.id] : [] })
    ok(`grid ${code} is there`, grid.status === 201, JSON.stringify(grid.body))
  }
  const own = await of(worker('willi').account)
  await api(committee, 'PATCH', `/membership/${own.id}`, { grid: ['02'] })
  const day = n => new Date(Date.now() + 8 * 3600000 + n * 86400000).toISOString().slice(0, 10)
  for (const [grid, starts, ends] of [['01', day(-1), day(1)], ['03', day(1), day(9)], ['03', day(-9), day(-1)]]) { // in force, to come, over
    const m = await api(committee, 'POST', '/membership', { account: worker('willi').account, home: own.f.home, role: 'worker', title: '代班', grid: [grid], starts, ends })
    const g = await api(users.find(u => u.login === 'admin'), 'POST', `/membership/${m.body.id}/steps`, { action: 'grant' })
    ok(`a substitution from ${starts} to ${ends} is granted by another`, m.status === 201 && g.status === 200, JSON.stringify([m.body, g.body]))
  }
  // what was there before its grid goes into it by itself, and is then of no other worker
  const last = rows.filter(r => r.grid === '01' && JSON.stringify(r.coll.rights.read).includes('worker:grid')).at(-1)
  for (let i = 0; i < 150 && (await api(worker('wilma'), 'GET', `/${last.coll.name}/${last.id}`)).status === 200; i++) await new Promise(r => setTimeout(r, 200))
  const flat = await api(committee, 'POST', '/dwelling', { building: building.body.id, room: '101', tenure: 'owner' })
  const lives = await api(committee, 'POST', '/person', { name: '丙', id_type: '990', id_no: 'P丙', kind: 'local', birth: '1980-01-01', _keep: { id_no: '样例' } })
  const looks = async (who, what, id) => (await api(worker(who), 'GET', `/${what}/${id}`)).status
  ok('a person without a grid is every worker\'s', (await looks('wanda', 'person', lives.body.id)) === 200 && (await looks('wilma', 'person', lives.body.id)) === 200)
  ok('a dwelling stands in the grid of its building', (await looks('wanda', 'dwelling', flat.body.id)) === 404 && (await looks('wilma', 'dwelling', flat.body.id)) === 200)
  await api(committee, 'POST', '/residence', { person: lives.body.id, dwelling: flat.body.id, kind: 'actual', starts: '2026-01-01' })
  let seen = 200
  for (let i = 0; i < 100 && (seen = await looks('wanda', 'person', lives.body.id)) === 200; i++) await new Promise(r => setTimeout(r, 200))
  ok('a person follows the dwelling into its grid', seen === 404 && (await looks('wilma', 'person', lives.body.id)) === 200, seen)
  const found = async who => (await api(worker(who), 'GET', '/search?q=' + encodeURIComponent('丙'))).body.items.length
  for (let i = 0; i < 100 && (await found('wilma')) !== 1; i++) await new Promise(r => setTimeout(r, 200)) // full text follows the save
  ok('nor does a search, a list or its count tell of it', (await found('wanda')) === 0 && (await found('wilma')) === 1 &&
    (await api(worker('wanda'), 'GET', '/dwelling?count=1&room=101')).body.total === 0 && (await api(worker('wilma'), 'GET', '/dwelling?count=1&room=101')).body.total === 1)
  const other = await api(worker('wanda'), 'POST', '/dwelling', { building: building.body.id, room: '102', tenure: 'owner' })
  ok('a worker adds nothing to another\'s grid, and reads why', other.status === 403 && /网格 03/.test(JSON.stringify(other.body)) && /grid 03/.test(JSON.stringify(other.body)), JSON.stringify(other.body))
  const lone = await api(worker('wanda'), 'POST', '/person', { name: '丁', id_type: '990', id_no: 'P丁', kind: 'local', birth: '1980-01-01', _keep: { id_no: '样例' } })
  ok('nor moves a record into it', lone.status === 201 && (await api(worker('wanda'), 'PATCH', `/person/${lone.body.id}`, { grid: '02' })).status === 403 && (await api(worker('wanda'), 'PATCH', `/person/${lone.body.id}`, { grid: '01' })).status === 200)

  const sheet = ['姓名,证件类型,证件号码,人员类别,出生日期,网格', '戊,990,P戊,local,1980-01-01,02', '己,990,P己,local,1980-01-01,01'].join('\n')
  const import1 = await knock(`${base}/api/v1/import?collection=person&keep=${encodeURIComponent('样例')}`, { method: 'POST', headers: { Origin: base, 'Content-Type': 'application/octet-stream', cookie: worker('wanda').cookie }, body: sheet }).then(r => r.json())
  ok('a row of another\'s grid is told in the preview of a spreadsheet', import1.rows?.[0].status === 'error' && /网格 02/.test(JSON.stringify(import1.rows[0].messages)) && import1.rows[1].status !== 'error', JSON.stringify(import1).slice(0, 900))

  const wrong = []
  let cells = 0
  const cell = (good, what) => { cells++; if (!good) wrong.push(what) }
  for (const row of rows)
    await Promise.all(users.map(async user => {
      const who = `${user.login} ${row.coll.name}${row.state ? '/' + row.state : ''} of ${row.owner.login}`
      const may = reads(row.coll, user, row)
      const got = await api(user, 'GET', `/${row.coll.name}/${row.id}`)
      cell((got.status === 200) === may && (may || [401, 403, 404].includes(got.status)), `${who}: read ${got.status}, expected ${may ? 200 : 404}`)
      if (got.status === 200 && may) {
        const open = steps(row.coll, user, row)
        const told = (got.body.actions ?? []).filter((x, i, all) => all.indexOf(x) === i)
        cell(told.every(x => open.includes(x)), `${who}: offers ${told.filter(x => !open.includes(x))}`)
      }
    }))
  // writing: an empty change and a deletion, of one record each, where no right grants it
  for (const row of rows.filter((r, i, all) => all.findIndex(o => o.coll === r.coll && o.owner === r.owner) === i))
    await Promise.all(users.map(async user => {
      const who = `${user.login} ${row.coll.name} of ${row.owner.login}`
      const seen = reads(row.coll, user, row)
      const change = !row.coll.log && seen && any(row.coll.rights.update, row.coll, user, row)
      const put = await api(user, 'PATCH', `/${row.coll.name}/${row.id}`, {})
      cell((put.status === 200) === change, `${who}: change ${put.status}, expected ${change}`)
      const drop = !row.coll.log && seen && any(row.coll.rights.delete, row.coll, user, row)
      if (!drop) cell((await api(user, 'DELETE', `/${row.coll.name}/${row.id}`)).status >= 400, `${who}: deletes`)
      const adds = (row.coll.rights.create ?? []).some(w => user.roles.includes(w.split(':')[0]) && user.role !== 'guest')
      if (!adds) cell((await api(user, 'POST', `/${row.coll.name}`, {})).status >= 400, `${who}: adds`)
      const list = await api(user, 'GET', `/${row.coll.name}?limit=200`)
      if (list.status === 200) cell((list.body.items ?? []).some(x => x.id === row.id) === seen || list.body.items.length === 200, `${who}: listed, but may ${seen ? '' : 'not '}read`)
      else cell(!seen, `${who}: list ${list.status} of what may be read`)
    }))
  console.log(wrong.slice(0, 60).join('\n'))
  ok(`${cells} cells of role × collection × whose, none wrong`, wrong.length === 0 && cells >= 2000, wrong.length + ' wrong')
} catch (e) {
  ok('the access matrix', false, e.stack.slice(0, 900))
}
await end()
