// Kills the community's node (and sometimes the district's) with -9 at random moments under load; whatever was
// acknowledged must be there after each restart, and at the district at the end.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const kills = Number(process.argv[2] ?? 1000)
const seed = Number(process.env.SEED ?? Date.now() % 1000000)
const port = Number(process.env.PORT ?? 18900)
const linli = path.resolve('build/linli')
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'linli-kill.'))
const nodes = { district: { port: port + 1 }, community: { port } }
let passed = 0
let failed = 0
let a = seed >>> 0
const random = () => { // xorshift32
  a ^= a << 13; a >>>= 0; a ^= a >>> 17; a ^= a << 5; a >>>= 0
  return a / 4294967296
}
a ||= 1
const sleep = ms => new Promise(done => setTimeout(done, ms))
const verdict = (what, good, why = '') => {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what}${good ? '' : ` ${why}`}`)
}
const run = (args, input) => {
  const r = spawnSync(linli, args, { input, encoding: 'utf8', timeout: 60000 })
  if (r.status !== 0) throw new Error(`linli ${args[0]}: ${r.stderr}`)
  return r.stdout
}
const at = name => path.join(dir, name)
const url = name => `http://127.0.0.1:${nodes[name].port}`

async function start(name) {
  const out = fs.openSync(at(`${name}.log`), 'a')
  const child = spawn(linli, ['serve', '--dir', at(name), '--listen', `127.0.0.1:${nodes[name].port}`], { stdio: ['ignore', out, out] })
  fs.closeSync(out)
  nodes[name].child = child
  child.on('exit', () => { child.gone = true })
  const begin = Date.now()
  while (Date.now() - begin < 30000 && !child.gone) {
    try {
      if ((await fetch(`${url(name)}/sync/v1/hello`)).ok) return Date.now() - begin
    } catch { /* not yet */ }
    await sleep(20)
  }
  throw new Error(`${name} does not start: ${fs.readFileSync(at(`${name}.log`), 'utf8').slice(-600)}`)
}
const gone = async name => { while (!nodes[name].child.gone) await sleep(5) }

const headers = name => ({ Origin: url(name), 'Content-Type': 'application/json', Cookie: nodes[name].cookie ?? '' })
async function login(name, user) {
  const r = await fetch(`${url(name)}/api/v1/session`, { method: 'POST', headers: headers(name), body: JSON.stringify({ login: user, password: `linli-${user}` }) })
  if (!r.ok) throw new Error(`login at ${name}: ${r.status} ${await r.text()}`)
  nodes[name].cookie = r.headers.get('set-cookie').split(';')[0]
}

const acknowledged = new Map() // id -> name
let serial = 0
async function client(until) {
  while (!until.over) {
    const title = `单位 ${seed}-${serial++}`
    try {
      const r = await fetch(`${url('community')}/api/v1/unit`, { method: 'POST', headers: headers('community'), body: JSON.stringify({ name: title, kind: 'business', address: '翠苑路 1 号' }) })
      if (r.status === 201) acknowledged.set((await r.json()).id, title)
      else if (r.status < 500 && r.status !== 429) throw Object.assign(new Error(`${r.status} ${await r.text()}`), { fatal: true })
    } catch (e) {
      if (e.fatal) throw e
      await sleep(20)
    }
  }
}
// a kept connection may close just as it is used again: reading is repeated, at most three times
async function again(ask) {
  for (let left = 3; ; left--)
    try {
      return await ask()
    } catch (e) {
      if (left === 0) throw e
      await sleep(20)
    }
}
async function missing(name, ids) {
  const lost = []
  for (const id of ids) {
    const r = await again(() => fetch(`${url(name)}/api/v1/unit/${id}`, { headers: headers(name) }))
    if (!r.ok || (await r.json()).f.name !== acknowledged.get(id)) lost.push(id)
  }
  return lost
}

async function main() {
  run(['init', '--dir', at('district'), '--region', '330106000000', '--role', 'district', '--name', '西湖区', '--root'])
  run(['init', '--dir', at('community'), '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区'])
  await start('district')
  const code = run(['invite', '--dir', at('district'), '--region', '330106005055', '--role', 'community']).trim().split(/\s+/).pop()
  run(['join', '--dir', at('community'), '--parent', url('district'), '--code', code])
  run(['user', 'add', '--dir', at('community'), '--login', 'committee', '--role', 'committee'], 'linli-committee\n')
  run(['user', 'add', '--dir', at('district'), '--login', 'clerk', '--role', 'clerk'], 'linli-clerk\n')
  await start('community')
  await login('community', 'committee')
  await login('district', 'clerk')
  let slowest = 0
  let lost = []
  let checked = 0
  for (let i = 0; i < kills; i++) {
    const until = { over: false }
    const clients = Array.from({ length: 4 }, () => client(until))
    await sleep(20 + random() * 400)
    const victim = random() < 0.15 ? 'district' : 'community'
    nodes[victim].child.kill('SIGKILL')
    await gone(victim)
    until.over = true
    await Promise.all(clients)
    slowest = Math.max(slowest, await start(victim))
    const ids = [...acknowledged.keys()].slice(checked)
    lost = lost.concat(await missing('community', ids))
    checked += ids.length
    if (lost.length > 0) break
    if (i % 50 === 49) console.log(`  ${i + 1} kills, ${acknowledged.size} saves acknowledged, slowest start ${slowest} ms`)
  }
  verdict(`seed ${seed}: ${kills} kills, ${acknowledged.size} acknowledged saves, none lost`, lost.length === 0 && acknowledged.size > 0, lost.slice(0, 5).join(' '))
  console.log(`  slowest start ${slowest} ms`)
  let away = [...acknowledged.keys()]
  for (let i = 0; i < 60 && away.length > 0; i++) {
    spawnSync(linli, ['sync', '--dir', at('community')], { timeout: 60000 })
    away = await missing('district', away)
    if (away.length > 0) await sleep(500)
  }
  verdict('the district has them all', away.length === 0, `${away.length} are not there`)
  for (const name of ['community', 'district']) {
    nodes[name].child.kill('SIGTERM')
    await gone(name)
    const r = spawnSync(linli, ['verify', '--dir', at(name)], { encoding: 'utf8', timeout: 300000 })
    verdict(`linli verify finds nothing wrong at ${name}`, r.status === 0, (r.stdout + r.stderr).slice(-400))
  }
}
process.on('unhandledRejection', e => { throw e })
process.on('uncaughtException', e => {
  console.log(`FAILED ${e.stack}`)
  for (const n of Object.values(nodes)) if (n.child && !n.child.gone) n.child.kill('SIGKILL')
  console.log('0 passed, 1 failed')
  process.exit(1)
})
main().catch(e => { failed++; console.log(`FAILED ${e.stack}`) }).finally(() => {
  for (const n of Object.values(nodes)) if (n.child && !n.child.gone) n.child.kill('SIGKILL')
  if (failed === 0) fs.rmSync(dir, { recursive: true, force: true })
  else console.log(`kept: ${dir}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 ? 0 : 1)
})
