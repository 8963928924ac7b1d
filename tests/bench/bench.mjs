// make bench: real nodes on loopback, one JSON line a figure, medians of RUNS.
//   RUNS=5 N=100000 ONLY=regex PEERS=git,fossil (SHORT=1: one run of 2,000)
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import os from 'node:os'
import path from 'node:path'
import zlib from 'node:zlib'
import { counter, waitPort } from './net.mjs'
import { stream } from './stream.mjs'

const short = Boolean(process.env.SHORT)
const RUNS = Number(process.env.RUNS ?? (short ? 1 : 5))
const N = Number(process.env.N ?? (short ? 2000 : 100000))
const only = new RegExp(process.env.ONLY ?? '.')
const wanted = (process.env.PEERS ?? '').split(',').filter(Boolean)
const linli = path.resolve('build/linli')
const root = fs.mkdtempSync(path.join(process.env.TMPDIR ?? os.tmpdir(), 'linli-bench.'))
const ticks = 100 // clock ticks a second on Linux
const children = []
let port = Number(process.env.PORT ?? 18800)
const peers = {}

const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const round = x => (x >= 100 ? Math.round(x) : Math.round(x * 100) / 100)
function figure(name, values, unit, peer) {
  const value = median(values)
  const line = { figure: name, value: round(value), unit, runs: values.length }
  if (values.length > 1) line.spread = [round(Math.min(...values)), round(Math.max(...values))]
  if (peer) Object.assign(line, { peer: peer.name, peer_value: round(peer.value), ratio: round(value / peer.value) })
  console.log(JSON.stringify(line))
}
const seconds = from => Number(process.hrtime.bigint() - from) / 1e9
const sleep = ms => new Promise(done => setTimeout(done, ms))

// a command to its end: {out, cpu seconds}; asynchronous, since the forwarder lives in this process
function run(args, input) {
  return new Promise((done, fail) => {
    const child = spawn('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$0" "$@"', linli, ...args])
    let out = ''
    let err = ''
    child.stdout.on('data', d => { out += d })
    child.stderr.on('data', d => { err += d })
    child.on('close', code => {
      const cpu = /cpu ([\d.]+) ([\d.]+)/.exec(err)
      if (code !== 0) fail(new Error(`linli ${args.join(' ')}: ${err}`))
      else done({ out, cpu: Number(cpu[1]) + Number(cpu[2]) })
    })
    child.stdin.end(input ?? '')
  })
}
async function serve(dir, at) {
  const log = fs.openSync(`${dir}.log`, 'a')
  const child = spawn(linli, ['serve', '--dir', dir, '--listen', `127.0.0.1:${at}`], { stdio: ['ignore', log, log] })
  children.push(child)
  await waitPort(at)
  return {
    cpu: () => {
      const f = fs.readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(f[11]) + Number(f[12])) / ticks
    },
    memory: what => Number(new RegExp(`${what}:\\s+(\\d+) kB`).exec(fs.readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024,
    stop: () => new Promise(done => { child.on('exit', done); child.kill('SIGTERM') }),
  }
}
const invite = async (dir, region, role, extra = []) => (await run(['invite', '--dir', dir, '--region', region, '--role', role, ...extra])).out.trim().split(/\s+/).pop()

// a community box (parent) and a field laptop of its grid (child): the pair in which the parent may read everything
async function pair(name) {
  const base = path.join(root, name)
  const box = { dir: `${base}-box`, port: port++ }
  const laptop = { dir: `${base}-laptop`, port: port++ }
  await run(['init', '--dir', box.dir, '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区', '--root'])
  box.node = await serve(box.dir, box.port)
  box.wire = await counter(box.port)
  await run(['init', '--dir', laptop.dir, '--region', '330106005055', '--role', 'laptop', '--name', '网格一'])
  const code = await invite(box.dir, '330106005055', 'laptop', ['--grid', '01'])
  await run(['join', '--dir', laptop.dir, '--parent', `http://127.0.0.1:${box.wire.port}`, '--code', code])
  return { box, laptop }
}
function file(kind, n, seed) {
  const name = path.join(root, `${kind}-${n}-${seed}.jsonl`)
  const lines = []
  stream(n, line => lines.push(line), { kind, seed })
  fs.writeFileSync(name, lines.join('\n') + '\n')
  return { name, lines }
}
const disk = dir => Number(spawnSync('du', ['-sB1', dir]).stdout.toString().split('\t')[0])

async function bulk(kind) {
  const r = { rate: [], receive: [], cpu: [], wire: [], disk: [], rss: [] }
  for (let i = 0; i < RUNS; i++) {
    const input = file(kind, N, i + 1)
    const { box, laptop } = await pair(`${kind}${i}`)
    await run(['sync', '--dir', laptop.dir])
    const before = { wire: box.wire.bytes(), cpu: box.node.cpu(), disk: disk(box.dir) }
    const start = process.hrtime.bigint()
    const load = await run(['load', '--dir', laptop.dir, input.name])
    const loaded = process.hrtime.bigint()
    const sync = await run(['sync', '--dir', laptop.dir])
    r.rate.push(N / seconds(start))
    r.receive.push(N / seconds(loaded))
    const status = JSON.parse((await run(['status', '--dir', laptop.dir, '--json'])).out)
    if (status.unsent !== 0) throw new Error(`not level after a sync: ${JSON.stringify(status)}`)
    r.cpu.push((load.cpu + sync.cpu + box.node.cpu() - before.cpu) * 1e6 / N)
    r.wire.push((box.wire.bytes() - before.wire) / N)
    r.rss.push(box.node.memory('VmHWM'))
    await box.node.stop()
    r.disk.push((disk(box.dir) - before.disk) / N)
    box.wire.close()
    fs.rmSync(input.name)
  }
  return r
}

async function small() {
  const one = []
  const hundred = []
  const idle = []
  const { box, laptop } = await pair('small')
  laptop.node = await serve(laptop.dir, laptop.port) // keeps nonce and connection, as a node at work does
  const sync = async list => {
    const from = box.wire.bytes()
    await run(['sync', '--dir', laptop.dir])
    list?.push(box.wire.bytes() - from)
  }
  await sync()
  await sync()
  for (let i = 0; i < RUNS; i++) {
    await sync(idle)
    await run(['load', '--dir', laptop.dir, file('plain', 1, 1000 + i).name])
    await sync(one)
    await run(['load', '--dir', laptop.dir, file('plain', 100, 2000 + i).name])
    await sync(hundred)
  }
  figure('wire.idle', idle, 'B')
  figure('wire.one', one, 'B')
  figure('wire.hundred', hundred, 'B')
  await laptop.node.stop()
  await box.node.stop()
  box.wire.close()
}

// ---- the web side of one community with N records
const wrk = (url, seconds_, connections, headers, script) => {
  const args = ['-t1', `-c${connections}`, `-d${seconds_}s`, '--latency', ...Object.entries(headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`]), ...(script ? ['-s', script] : []), url]
  return new Promise((done, fail) => {
    const child = spawn('wrk', args)
    let out = ''
    child.stdout.on('data', d => { out += d })
    child.on('close', code => {
      const bad = /Non-2xx or 3xx responses: (\d+)/.exec(out)
      if (code !== 0 || bad) fail(new Error(`wrk: ${out}`))
      else done(Number(/Requests\/sec:\s+([\d.]+)/.exec(out)[1]))
    })
  })
}
async function web() {
  const dir = path.join(root, 'web')
  const at = port++
  await run(['init', '--dir', dir, '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区', '--root'])
  await run(['user', 'add', '--dir', dir, '--login', 'worker', '--role', 'worker'], 'linli-worker\n')
  await run(['user', 'add', '--dir', dir, '--login', 'committee', '--role', 'committee'], 'linli-committee\n')
  let node = await serve(dir, at)
  await sleep(1000)
  figure('rss.idle', [node.memory('VmRSS')], 'MB')
  await node.stop()
  await run(['load', '--dir', dir, file('sealed', N, 1).name])
  const start = []
  for (let i = 0; i < RUNS; i++) {
    const from = process.hrtime.bigint()
    node = await serve(dir, at)
    start.push(seconds(from) * 1000)
    if (i + 1 < RUNS) await node.stop()
  }
  figure('start.ms', start, 'ms')
  const host = `http://127.0.0.1:${at}`
  const login = async name => {
    const r = await fetch(`${host}/api/v1/session`, { method: 'POST', headers: { Origin: host, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: name, password: `linli-${name}` }) })
    if (!r.ok) throw new Error(`login: ${r.status} ${await r.text()}`)
    return r.headers.get('set-cookie').split(';')[0]
  }
  const cookie = await login('worker')
  const read = []
  for (let i = 0; i < RUNS; i++) read.push(await wrk(`${host}/api/v1/person?limit=20`, short ? 1 : 5, 8, { Cookie: cookie }))
  figure('api.read', read, 'requests/s')

  const times = []
  const agent = new http.Agent({ keepAlive: true })
  for (let i = 0; i < (short ? 50 : 500); i++) {
    const from = process.hrtime.bigint()
    await get(`${host}/api/v1/person?limit=20&q=${encodeURIComponent(`居民${i * 7}`)}`, cookie, agent)
    times.push(seconds(from) * 1000)
  }
  figure('search.p99_ms', [times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]], 'ms')

  const writer = await login('committee')
  const script = path.join(root, 'save.lua')
  fs.writeFileSync(script, 'wrk.method="POST"\nwrk.body=\'{"title":"停水通知","body":"停水八小时","kind":"water","expire":"2030-01-01"}\'\n')
  const headers = { Cookie: writer, Origin: host, 'Content-Type': 'application/json' }
  const alone = sqliteAlone(short ? 1000 : 5000)
  const save1 = []
  const save64 = []
  for (let i = 0; i < RUNS; i++) {
    save1.push(await wrk(`${host}/api/v1/notice`, short ? 1 : 5, 1, headers, script))
    save64.push(await wrk(`${host}/api/v1/notice`, short ? 1 : 5, 64, headers, script))
  }
  figure('save.one', save1, 'saves/s', { name: 'sqlite alone', value: alone })
  figure('save.many', save64, 'saves/s')

  await run(['user', 'add', '--dir', dir, '--login', 'resident', '--role', 'resident'], 'linli-resident\n')
  figure('ui.resident_gz', [await firstLoad(host, await login('resident'))], 'kB')
  figure('ui.staff_gz', [await firstLoad(host, cookie)], 'kB')
  figure('web.poll_p99_ms', [await poll(host, cookie)], 'ms')
  await node.stop()
}
function get(url, cookie, agent, etag) {
  return new Promise((done, fail) => {
    const q = http.get(url, { agent, headers: { Cookie: cookie, ...(etag ? { 'If-None-Match': etag } : {}) } }, s => {
      s.resume()
      s.on('end', () => (s.statusCode < 400 ? done(s.headers.etag) : fail(new Error(`${url}: ${s.statusCode}`))))
    })
    // a connection that the node closed while it was idle is not a failure: browsers ask again on a new one, too
    q.on('error', e => (agent && e.code === 'ECONNRESET' ? get(url, cookie, false, etag).then(done, fail) : fail(e)))
  })
}
// 1,000 phones, each asking every 2 s for what is new
async function poll(host, cookie) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1000 })
  const times = []
  const end = Date.now() + (short ? 4000 : 20000)
  await Promise.all(Array.from({ length: short ? 100 : 1000 }, async (_, i) => {
    let etag
    await sleep(i * 2)
    while (Date.now() < end) {
      const from = process.hrtime.bigint()
      etag = await get(`${host}/api/v1/status`, cookie, agent, etag)
      const took = seconds(from) * 1000
      times.push(took)
      await sleep(2000 - took)
    }
  }))
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]
}
function sqliteAlone(n) {
  const db = path.join(root, 'alone.db')
  const sql = ['PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, f TEXT) STRICT;']
  for (let i = 0; i < n; i++) sql.push(`INSERT INTO t(f) VALUES('{"title":"停水通知","body":"停水八小时","kind":"water","expire":"2030-01-01"}');`)
  const from = process.hrtime.bigint()
  const r = spawnSync('sqlite3', [db], { input: sql.join('\n') })
  if (r.status !== 0) throw new Error(r.stderr.toString())
  return n / seconds(from)
}

// what the first load brings: the page and all it names, as they come over the wire
async function firstLoad(host, cookie) {
  const bytes = async where => {
    const r = await new Promise((done, fail) => http.get(host + where, { headers: { Cookie: cookie, 'Accept-Encoding': 'gzip' } }, done).on('error', fail))
    const parts = []
    for await (const part of r) parts.push(part)
    return { body: Buffer.concat(parts), zipped: r.headers['content-encoding'] === 'gzip' }
  }
  const page = await bytes('/')
  const html = (page.zipped ? zlib.gunzipSync(page.body) : page.body).toString()
  let total = page.body.length
  for (const [, where] of html.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css))"/g)) total += (await bytes(where)).body.length
  return (total + (await bytes('/api/v1/schema?lang=zh&brief=1')).body.length + (await bytes('/api/v1/session')).body.length) / 1024
}
function size() {
  const stripped = path.join(root, 'stripped')
  spawnSync('strip', ['-o', stripped, linli])
  figure('size.program', [fs.statSync(stripped).size / 1048576], 'MB')
}

// a box with 100,000 records dies; a new one comes back from the district and the paper key, until everything is
// found again, search included. Half the fields are sealed under subject keys, one key a person.
async function restore(kind) {
  const took = []
  for (let i = 0; i < RUNS; i++) {
    const base = path.join(root, `restore-${kind}${i}`)
    const top = { dir: `${base}-district`, port: port++ }
    const box = { dir: `${base}-box`, port: port++ }
    const at = `http://127.0.0.1:${top.port}`
    await run(['init', '--dir', top.dir, '--region', '330106000000', '--role', 'district', '--name', '西湖区', '--root'])
    top.node = await serve(top.dir, top.port)
    const made = await run(['init', '--dir', box.dir, '--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区'])
    const paper = /AGE-SECRET-KEY-1[A-Z0-9]+/.exec(made.out)[0]
    await run(['join', '--dir', box.dir, '--parent', at, '--code', await invite(top.dir, '330106005055', 'community')])
    await run(['load', '--dir', box.dir, file(kind, Math.round(N / 0.7), i + 1).name])
    await run(['sync', '--dir', box.dir])
    const before = JSON.parse((await run(['status', '--dir', box.dir, '--json'])).out)
    if (before.unsent !== 0) throw new Error('not signed for before the box dies')
    const code = await invite(top.dir, '330106005055', 'community', ['--continues', before.node])
    const start = process.hrtime.bigint()
    const back = await run(['restore', '--dir', `${base}-new`, '--region', '330106005055', '--parent', at, '--code', code, '--json'], paper)
    took.push(seconds(start))
    const got = JSON.parse(back.out.slice(back.out.indexOf('{')))
    if (got.records < before.records || got.keys_missing > 0) throw new Error(`not all came back: ${JSON.stringify(got)}`)
    console.error(`restore.${kind}: ${got.records} records, ${got.keys} keys in ${got.keys_ms} ms, ${got.changes} changes in ${got.logs_ms} ms, search in ${got.words_ms} ms, cpu ${back.cpu} s`)
    await top.node.stop()
  }
  return took
}

async function main() {
  const sample = wanted.length > 0 ? file('plain', N, 1).lines : []
  if (wanted.length > 0) {
    const all = await import('./peers.mjs')
    for (const name of wanted) peers[name] = await all[name](sample, path.join(root, name))
    for (const [name, p] of Object.entries(peers)) console.log(JSON.stringify({ figure: `peer.${name}`, ...p, unit: 'changes/s, B a change' }))
  }
  const peer = (name, what) => (peers[name]?.[what] ? { name, value: peers[name][what] } : undefined)
  if (only.test('sync.') || only.test('wire.bulk')) {
    const plain = await bulk('plain')
    figure('sync.end_to_end', plain.rate, 'changes/s', peer('git', 'rate'))
    figure('sync.receive', plain.receive, 'changes/s', peer('git', 'receive'))
    figure('sync.cpu_us', plain.cpu, 'us a change')
    figure('wire.bulk', plain.wire, 'B a change', peer('fossil', 'wire') ?? peer('git', 'wire'))
    figure('disk.receiver', plain.disk, 'B a change')
    figure('rss.peak', plain.rss, 'MB')
    figure('wire.bulk_sealed', (await bulk('sealed')).wire, 'B a change')
  }
  if (only.test('wire.one')) await small()
  if (only.test('web') || only.test('api.read')) await web()
  if (only.test('restore')) {
    figure('restore.100k', await restore('plain'), 's')
    figure('restore.100k_sealed', await restore('sealed'), 's')
  }
  if (only.test('size')) size()
}
main().then(() => 0, e => { console.error(e.stack); return 1 }).then(code => {
  for (const c of children) if (c.exitCode === null) c.kill('SIGKILL')
  if (!process.env.KEEP) fs.rmSync(root, { recursive: true, force: true })
  process.exit(code)
})
