// The program is stopped at each system call that changes something (nth.c), while it saves, seals and sends, takes in,
// exports, rebuilds, makes a checkpoint, drops what is old, restores, erases, and again while it recovers; and each write,
// fsync, rename, open and mapping fails once, and from then on for ever. After each: nothing that was answered is lost,
// verify finds nothing wrong, and the same command then does its work.
//   stop.mjs [STRIDE]    every STRIDE-th place only; 0: a few places of one command
// OPS=checkpoint,drop: these only. FROM=1860: a sweep of stops that was broken off goes on at that call. A stop between two calls that change nothing leaves the same disk and is not made twice.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { at, bring, dir, end, keep, lines, linli, linliRun, must, pair, port, serve, stop, verdict } from './lib.mjs'

const stride = Number(process.argv[2] ?? 1)
const some = list => stride === 0 ? [0, 4, 24, 124].filter(i => i < list.length).map(i => list[i]) : list.filter((_, i) => i % stride === 0)
const CHANGES = 'openat,open,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,sendto,sendmsg'
const FAULTS = [
  ['a full disk', 'write,pwrite64,writev,pwritev,fallocate,ftruncate', 'ENOSPC'],
  ['a disk that does not keep', 'fsync,fdatasync', 'EIO'],
  ['a folder that cannot be changed', 'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir', 'EIO'],
  ['no more descriptors', 'openat,open', 'EMFILE'],
  ['a file that cannot be mapped', 'mmap', 'ENOMEM']
]
const nth = path.resolve('build/tests/torture/nth.so')
// The program, which dies at its n-th of those calls or is told `error`; and what the library saw of it.
function inject(args, calls, n = 0, error = '', ever = false) {
  const r = spawnSync(linli, args, { encoding: 'utf8', timeout: 120000, env: { ...process.env, LC_ALL: 'C.UTF-8', LD_PRELOAD: nth, NTH_OUT: `${dir}/told`,
    NTH_CALLS: calls, NTH_AT: String(n), ...error ? { NTH_ERROR: String(os.constants.errno[error]) } : {}, ...ever ? { NTH_EVER: '1' } : {} } })
  const told = fs.readFileSync(`${dir}/told`)
  return { ...r, calls: told.readUInt32LE(0), hit: told.readUInt32LE(4) > 0, mute: told.readUInt32LE(8) > 0, changes: told.subarray(12) }
}
// Where stops leave different disks: before the first call and behind each that changed something.
const places = r => some(Array.from({ length: r.calls + 1 }, (_, i) => i + 1).filter(n => n === 1 || r.changes[n - 2] === 1))
const total = name => {
  const r = spawnSync('sqlite3', ['-readonly', `${at(name)}/linli.db`, "SELECT count(*) FROM c_unit"], { encoding: 'utf8' })
  return Number(r.stdout.trim() || -1)
}
const ROWS = 3
const crash = r => r.signal !== null && r.signal !== 'SIGKILL' ? r.signal : [134, 136, 139].includes(r.status) ? `status ${r.status}` : ''

const from = Number(process.env.FROM ?? 1)
const only = (process.env.OPS ?? '').split(',').filter(Boolean)
const wanted = name => only.length === 0 || only.includes(name)

// One command on one node, and how many units stand there when it is done.
async function sweep(op) {
  if (!wanted(op.name)) return
  const image = keep(op.node)
  const other = op.parent ? keep('district') : null
  const before = total(op.node)
  let points = 0
  let wrong = ''
  let parent = null
  const reset = () => {
    op.clear?.()
    if (!op.begins) return bring(op.node, image)
    fs.rmSync(at(op.node), { recursive: true }) // nothing was there, no lock either
    fs.mkdirSync(at(op.node))
  }
  const serving = async work => {
    if (!op.parent) return work()
    bring('district', other)
    parent = await serve('district', port + 1)
    try { return await work() } finally { await stop(parent) }
  }
  const judge = async (r, what, mayStop) => {
    points++
    const died = crash(r)
    if (died && !(mayStop && /SIGABRT|134/.test(died))) wrong ||= `${what}: the program died (${died}) ${r.stderr?.slice(-200)}`
    const check = op.begins ? { status: 0 } : linliRun(['verify', '--dir', at(op.node)]) // what begins is no node yet
    if (check.status !== 0) wrong ||= `${what}: verify: ${(check.stdout + check.stderr).slice(-300)}`
    const now = total(op.node)
    if (r.status === 0 && now !== op.after) wrong ||= `${what}: it said done, ${now} units of ${op.after} are there`
    if (now < before) wrong ||= `${what}: ${before - now} units that were there are gone`
    const after = op.adds ? now + ROWS : op.after
    const again = linliRun(op.args)
    if (again.status !== 0) wrong ||= `${what}: afterwards: ${again.stderr.slice(-300)}`
    const sound = op.begins ? linliRun(['verify', '--dir', at(op.node)]) : { status: 0 }
    if (sound.status !== 0) wrong ||= `${what}: afterwards verify: ${(sound.stdout + sound.stderr).slice(-300)}`
    const then = total(op.node)
    if (then !== after) wrong ||= `${what}: afterwards ${then} units of ${after} are there`
    if (op.parent && !op.done()) { // a receipt that could not be kept comes again with what the parent seals next
      await stop(parent)
      parent = await serve('district', port + 1)
      linliRun(op.args)
    }
    if (op.done && !op.done()) wrong ||= `${what}: afterwards ${op.undone}`
  }
  // stopped at each call
  const fresh = work => { reset(); return serving(work) }
  const whole = await fresh(() => inject(op.args, CHANGES))
  for (const n of places(whole).filter(n => n >= from)) {
    await fresh(() => judge(inject(op.args, CHANGES, n), `stopped at call ${n}`))
    if (wrong) break
  }
  verdict(`${op.name}: stopped at ${points} places of ${whole.calls} calls, nothing lost, nothing stuck`, !wrong && points > 1, wrong)
  // and again while it recovers: stopped in the middle, then at each call of the next command
  wrong = ''
  points = 0
  const recovery = n => {
    inject(op.args, CHANGES, Math.max(1, Math.floor(whole.calls * 2 / 3)))
    return inject(['verify', '--dir', at(op.node)], CHANGES, n)
  }
  for (const n of places(await fresh(() => recovery(0)))) {
    await fresh(() => {
      recovery(n)
      return judge({ signal: null, status: 1 }, `stopped again at call ${n} of recovery`)
    })
    if (wrong) break
  }
  verdict(`${op.name}: stopped again at ${points} places of the recovery`, !wrong && points > 0, wrong)
  for (const [what, calls, error] of FAULTS)
    for (const ever of [false, true]) {
      wrong = ''
      points = 0
      let failed = 0
      const way = n => `${error} at call ${n}${ever ? ' and after' : ''}`
      for (let n = 1, quiet = 0; quiet < 2 && !wrong && n < (stride === 0 ? 6 : 4000); n = stride === 0 ? n * 5 : n + stride)
        await fresh(async () => {
          const r = inject(op.args, calls, n, error, ever)
          quiet = r.hit ? 0 : quiet + 1
          if (!r.hit) return
          if (r.status !== 0) failed++
          await judge(r, way(n), calls.includes('fsync'))
          if (r.status !== 0 && !crash(r) && !r.mute && r.stderr.trim() === '') wrong ||= `${way(n)}: it failed without a word`
        })
      verdict(`${op.name}: ${what}, ${ever ? 'for ever' : 'once'}, at ${points} calls (${failed} told so)`, !wrong && (points > 0 || calls === 'mmap'), wrong || 'no such call')
    }
  reset()
  if (other) bring('district', other)
}

async function main() {
  await pair(port + 1)
  fs.writeFileSync(at('first.jsonl'), lines(ROWS, '先'))
  fs.writeFileSync(at('more.jsonl'), lines(ROWS, '后'))
  must(['load', '--dir', at('community'), '--collection', 'unit', at('first.jsonl')])
  await sweep({ name: 'save', node: 'community', adds: true, after: 2 * ROWS, args: ['load', '--dir', at('community'), '--collection', 'unit', at('more.jsonl')] })
  if (stride !== 0) await others()
}

async function others() {
  const unsent = () => JSON.parse(must(['status', '--dir', at('community'), '--json'])).unsent
  await sweep({ name: 'seal and send', node: 'community', parent: true, after: ROWS, args: ['sync', '--dir', at('community')], done: () => unsent() === 0,
    undone: 'something is still unsent' })
  const stick = at('stick')
  const empty = keep('district')
  await sweep({ name: 'export', node: 'community', after: ROWS, args: ['export', '--dir', at('community'), stick],
    clear: () => fs.rmSync(stick, { recursive: true, force: true }), undone: 'the district does not get it all from the stick',
    done: () => {
      bring('district', empty)
      return linliRun(['import', '--dir', at('district'), stick]).status === 0 && total('district') === ROWS
    } })
  bring('district', empty)
  fs.rmSync(stick, { recursive: true, force: true })
  must(['export', '--dir', at('community'), stick])
  await sweep({ name: 'take in', node: 'district', after: ROWS, args: ['import', '--dir', at('district'), stick] })
  await sweep({ name: 'rebuild', node: 'community', after: ROWS, args: ['rebuild', '--dir', at('community')] })
  await past()
}

// ---- what is past: checkpoints, drops, erasure, and a box that begins behind them

const later = `${new Date().getFullYear() + 1}q1` // everything is older
const prune = (name, ...more) => ['prune', '--dir', at(name), '--before', later, ...more]
const clean = name => fs.readdirSync(at(name) + '/log').every(log => fs.readdirSync(`${at(name)}/log/${log}`).filter(v => v.endsWith('.git'))
  .every(v => spawnSync('git', ['-C', `${at(name)}/log/${log}/${v}`, 'fsck', '--strict']).status === 0))
const would = (name, what) => JSON.parse(must(prune(name, '--dry-run', '--json'))).some(l => l[what])
const synced = async () => {
  const parent = await serve('district', port + 1)
  for (let i = 0; i < 3; i++) must(['sync', '--dir', at('community')])
  await stop(parent)
}
const erasing = name => spawnSync('sqlite3', ['-readonly', `${at(name)}/linli.db`,
  "SELECT count(*), sum(substr(CAST(value AS TEXT), 1, 1) = 'd') FROM meta WHERE key LIKE 'erase/%'"], { encoding: 'utf8' }).stdout.trim()

// Somebody is in the registry, is sent upward, and asks to be erased; the line goes onto a stick.
async function asked(stick) {
  must(['user', 'add', '--dir', at('community'), '--login', 'juweihui', '--role', 'committee'], 'linli-e2e-secret\n')
  const parent = await serve('district', port + 1)
  const box = await serve('community', port + 2)
  const url = `http://127.0.0.1:${port + 2}`
  let cookie = ''
  const call = async (path, body) => {
    const r = await fetch(url + path, { method: 'POST', headers: { origin: url, cookie, 'content-type': 'application/json' }, body: JSON.stringify(body) })
    if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`)
    cookie ||= (r.headers.get('set-cookie') ?? '').split(';')[0]
    return r.json().catch(() => ({}))
  }
  await call('/api/v1/session', { login: 'juweihui', password: 'linli-e2e-secret' })
  const { id: person } = await call('/api/v1/person', { name: '诸葛要删', id_type: '111', sex: '1', kind: 'local', status: 'living' })
  for (let i = 0; i < 3; i++) must(['sync', '--dir', at('community')])
  await stop(parent)
  const { id } = await call('/api/v1/subject_request', { person, kind: 'delete', text: '请删除' })
  await call(`/api/v1/subject_request/${id}/steps`, { action: 'check' })
  await call(`/api/v1/subject_request/${id}/steps`, { action: 'finish', note: '已核对身份' })
  await stop(box)
  must(['export', '--dir', at('community'), stick])
}

async function past() {
  await synced()
  await sweep({ name: 'checkpoint', node: 'community', after: ROWS, args: prune('community'), done: () => !would('community', 'checkpoint'),
    undone: 'no checkpoint is there' })
  must(prune('community'))
  await synced()
  await sweep({ name: 'drop', node: 'community', after: ROWS, args: prune('community'), done: () => !would('community', 'dropped') && clean('community'),
    undone: 'something old is still there, or git finds fault' })
  must(prune('community'))
  must(prune('district'))
  if (wanted('restore')) {
    const old = JSON.parse(must(['status', '--dir', at('community'), '--json'])).node
    const code = must(['invite', '--dir', at('district'), '--region', '330106005055', '--role', 'community', '--continues', old]).trim().split(/\s+/).pop()
    fs.mkdirSync(at('heir'))
    await sweep({ name: 'restore', node: 'heir', parent: true, begins: true, after: ROWS, args: ['restore', '--dir', at('heir'), '--region', '330106005055',
      '--parent', `http://127.0.0.1:${port + 1}`, '--code', code, '--recovery', at('paper')], done: () => true })
  }
  if (!wanted('erase')) return
  const stick = at('stick-of-erasure')
  await asked(stick)
  const before = keep('district')
  for (let i = 0; i < 5 && erasing('district') !== '1|0'; i++) { // what is asked is done a second later, by any command that waits
    bring('district', before)
    must(['import', '--dir', at('district'), stick])
  }
  if (erasing('district') !== '1|0') throw new Error(`no erasure is waiting: ${erasing('district')}`)
  await sweep({ name: 'erase', node: 'district', after: ROWS, args: ['prune', '--dir', at('district'), '--before', '1990q1'],
    done: () => erasing('district') === '1|1', undone: `it is not signed for: ${erasing('district')}` })
}
main().then(() => end(), end)
