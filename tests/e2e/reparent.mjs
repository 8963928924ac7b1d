// What is under way when a node gets another parent arrives all the same: a circular, and a resident's move.
import { client, end, ok, run, startNode, ends } from './lib-browser.mjs'
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'

const port = Number(process.env.PORT0 ?? 18650) + 400
const come = async (what, seconds = 40) => {
  for (const stop = Date.now() + seconds * 1000; Date.now() < stop;) {
    const v = await Promise.resolve(what()).catch(() => null)
    if (v) return v
    await new Promise(done => setTimeout(done, 150))
  }
  return null
}
const quiet = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^sync_every_s = .*/m, 'sync_every_s = 86400').replace(/^sync_soon_ms = .*/m, 'sync_soon_ms = 600000'))
const sync = n => spawnSync('build/linli', ['sync', '--dir', n.dir], { encoding: 'utf8', timeout: 20000 }).status === 0
const stop = n => new Promise(done => { n.child.on('exit', done); n.child.kill('SIGTERM') })
const serve = async n => {
  const log = fs.openSync(`${n.dir}.log`, 'a')
  n.child = spawn('build/linli', ['serve', '--dir', n.dir, '--listen', new URL(n.base).host], { stdio: ['ignore', log, log] })
  ends(n.child)
  await come(() => fetch(`${n.base}/sync/v1/hello`).then(r => r.ok))
}
/** Another parent, with the keys it has. */
const move = async (n, region, parent) => {
  const code = run(['invite', '--dir', parent.dir, '--region', region, '--role', 'community']).trim().split(/\s+/).pop()
  await stop(n)
  run(['join', '--dir', n.dir, '--parent', parent.base, '--code', code])
  await serve(n)
}

try {
  const more = { prepare: quiet }
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk'], undefined, more)
  const street = await startNode('翠苑街道', port + 3, '330106005000', 'subdistrict', [], district, more)
  const a = await startNode('翠苑一区社区', port + 6, '330106005055', 'community', ['worker'], street, more)
  const b = await startNode('翠苑二区社区', port + 9, '330106005056', 'community', ['worker', 'committee'], street, more)
  const people = { d: await client(district.base, 'clerk'), a: await client(a.base, 'worker'), b: await client(b.base, 'worker') }
  const call = async (who, method, where, body) => {
    const r = await people[who](method, where, body)
    if (r.status > 201) throw new Error(`${who} ${method} ${where} ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body)}`)
    return r.body
  }
  const all = async (who, coll, more = '') => (await call(who, 'GET', `/${coll}?limit=100${more}`)).items
  const building = await call('b', 'POST', '/building', { code: '1', name: '1 幢', address: { road: '文二路', number: '1' } })
  const flat = await call('b', 'POST', '/dwelling', { building: building.id, room: '101', tenure: 'owner' })
  for (const n of [street, a, b, street]) sync(n)

  // --- a circular and a move are under way to a community that cannot be reached
  const c = await call('d', 'POST', '/circular', { title: '在途的文件', targets: ['330106005056'] })
  await call('d', 'POST', `/circular/${c.id}/steps`, { action: 'issue' })
  const person = await call('a', 'POST', '/person', { name: '周五', kind: 'local' })
  const out = await call('a', 'POST', '/move_out', { person: person.id, to_region: '330106005056' })
  const waiting = () => run(['status', '--dir', street.dir, '--json'])
  const asked = await come(async () => { sync(a); sync(street); return (await call('a', 'GET', `/move_out/${out.id}`)).state === 'asked' })
  ok('both are under way', asked !== null && waiting() !== '')
  await come(() => { sync(a); sync(street); return false }, 6) // they lie with the subdistrict now, for a box that does not come
  const late = await call('d', 'POST', '/circular', { title: '刚发出的文件', targets: ['330106005056'] })
  await call('d', 'POST', `/circular/${late.id}/steps`, { action: 'issue' }) // and one lies with the district still, for the subdistrict

  // --- it gets another parent: the district itself
  await move(b, '330106005056', district)
  const got = async () => { for (const n of [b, street, a]) sync(n); return (await all('b', 'dispatch')).length >= 2 }
  ok('both circulars arrive by the new way, once', await come(got) !== null && (await all('b', 'dispatch')).map(i => i.title).sort().join() === '刚发出的文件,在途的文件', JSON.stringify(await all('b', 'dispatch')))
  const offered = await come(async () => { for (const n of [a, street, b]) sync(n); return (await all('b', 'move_in', '&state=offered'))[0] })
  ok('so does the move', offered && offered.f.name === '周五')

  // --- and back again, while the answer is under way
  await call('b', 'POST', `/move_in/${offered.id}/steps`, { action: 'accept', set: { dwelling: flat.id, kind: 'actual', starts: '2026-11-01' } })
  const dispatch = (await all('b', 'dispatch')).find(i => i.title.includes('在途的文件'))
  await (await client(b.base, 'committee'))('POST', `/dispatch/${dispatch.id}/steps`, { action: 'receive' })
  await come(async () => { sync(b); return (await call('b', 'GET', `/move_in/${offered.id}`)).state === 'told' })
  await move(b, '330106005056', street)
  const done = async () => { for (const n of [b, street, a]) sync(n); return (await call('a', 'GET', `/move_out/${out.id}`)).state === 'moved' }
  ok('the resident has moved, whoever was the parent at each leg', await come(done) !== null, (await call('a', 'GET', `/move_out/${out.id}`)).state)
  ok('and the district knows that the circular was received', await come(async () => { for (const n of [b, street]) sync(n); return (await call('d', 'GET', `/circular/${c.id}`)).f.delivery[0].state === 'received' }) !== null)
  ok('both sides are done', await come(async () => { for (const n of [a, street, b]) sync(n); return (await call('b', 'GET', `/move_in/${offered.id}`)).state === 'done' }) !== null)
  for (const n of [a, b, street, district]) ok(`${n.dir.split('/').pop()}: nothing wrong in its logs`, /0 处|0 wrong/.test(run(['verify', '--dir', n.dir])))
} catch (e) { ok(e.stack, false) }
await end()
