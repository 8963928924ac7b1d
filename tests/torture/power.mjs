// The power goes off at any point of a box's days (live.mjs): of what the disk was given after its last flush, some is
// there, some is not, some is torn; the file system replays its journal; then the node must verify, and all that was
// answered must be there: saves, edits, settings, attachments, and whatever the parent has.
//   power.mjs POINTS      SAVES= SEED=; KEEP=folder keeps the record; RECORD=folder AT=n-s judges one point again
//   FROM=n: from this entry of the record on
//   SIDE=district: the disk is the parent's; UML=1: the days are lived in user-mode-linux
//   every FULL-th (20) point is also served, read by its API, saved to, rebuilt, scrubbed, and judged again
// Each run shows that it can fail: when the last 200 flushes kept nothing, losses must be found. PLANT=1 lives the days with a
// program whose fsync does nothing, which must be found, too.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { at, dir, end, inits, linli, next, port, sleep, verdict } from './lib.mjs'

const points = Number(process.argv[2] ?? 1000)
const saves = Number(process.env.SAVES ?? 600)
const seed = Number(process.env.SEED ?? Date.now() % 100000)
const every = Number(process.env.FULL ?? 20)
const folder = path.resolve(process.env.RECORD ?? process.env.KEEP ?? at('record'))
const uml = process.env.UML === '1'
const plant = process.env.PLANT === '1'
const jobs = Number(process.env.JOBS ?? 2)

// ---- what this machine allows
function missing() {
  if (process.getuid() !== 0) return 'it needs root'
  for (const tool of ['mke2fs', 'e2fsck', 'sqlite3', 'jq', 'losetup', 'unshare', ...uml ? ['linux.uml', 'insmod'] : []])
    if (spawnSync('which', [tool]).status !== 0) return `there is no ${tool}`
  for (const door of ['/dev/fuse', '/dev/loop-control'])
    try { fs.closeSync(fs.openSync(door, 'r+')) } catch (e) { return `${door} cannot be opened (${e.code})` }
  const r = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', dir], { encoding: 'utf8' })
  return r.status === 0 ? '' : `nothing can be mounted (${r.stderr.trim()})`
}
// The days are lived here, or (packages user-mode-linux and kmod) under the kernel of Debian 12, ten times as slow.
function live() {
  fs.mkdirSync(folder, { recursive: true })
  const careless = at('careless')
  fs.writeFileSync(careless, `#!/bin/bash\nexec strace -D -f -qq -o /dev/null -e trace=fsync,fdatasync -e inject=fsync,fdatasync:retval=0 ${linli} "$@"\n`, { mode: 0o700 })
  const r = uml
    ? spawnSync('linux.uml', ['mem=768M', 'rootfstype=hostfs', 'hostfs=/', 'root=/dev/root', 'rw', `init=${path.resolve('tests/torture/uml.sh')}`, `UML_OUT=${folder}`,
      `UML_SAVES=${saves}`, `UML_PWD=${process.cwd()}`, 'con=null', 'con0=null,fd:1', 'quiet'], { stdio: ['ignore', 'inherit', 'inherit'] })
    : spawnSync(process.execPath, ['tests/torture/live.mjs', folder, String(saves)], { stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...plant ? { LINLI: careless } : {} } })
  if (r.status !== 0 || uml && !fs.existsSync(`${folder}/lived`)) throw new Error(`no record: ${r.status} ${r.signal}`)
}
// All that is mounted is gone with the last of these processes.
function apart() {
  const r = spawnSync('unshare', ['-m', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, APART: '1' } })
  fs.rmSync(dir, { recursive: true, force: true })
  process.exit(r.status ?? 1)
}

// ---- the record

// Its entries without their bytes: kind, where its bytes lie in the file, how many, where they go on the disk.
function entries(fd) {
  const list = []
  const head = Buffer.alloc(16)
  for (let i = 0; fs.readSync(fd, head, 0, 16, i) === 16;) {
    const len = head.readUInt32LE(4)
    list.push({ kind: String.fromCharCode(head[0]), from: i + 16, len, to: Number(head.readBigUInt64LE(8)) })
    i += 16 + len
  }
  return list
}
const bytes = (fd, e) => {
  const b = Buffer.alloc(e.len)
  fs.readSync(fd, b, 0, e.len, e.from)
  return b
}

function generator(a) { // mulberry32
  return () => {
    a = a + 0x6D2B79F5 | 0
    let t = Math.imul(a ^ a >>> 15, 1 | a)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 4294967296
  }
}

// Of writes that no flush has covered, what is on the disk: [entry, from, to) in bytes of it.
// The block of the superblock is never torn: ext4 keeps a second one only on disks of more than 128 MiB, and without any
// no program can be asked for anything.
const WAYS = ['none', 'all', 'some', 'some pages', 'some sectors', 'the first', 'the first and a torn one']
function kept(pending, way, random) {
  const chance = random()
  const whole = list => list.map(e => [e, 0, e.len])
  const cut = (list, size) => list.flatMap(e => e.to < 4096 ? [[e, 0, e.len]] : Array.from({ length: Math.ceil(e.len / size) }, (_, i) => [e, i * size, Math.min(e.len, i * size + size)]))
  const some = list => list.filter(() => random() < chance)
  const n = Math.floor(random() * pending.length)
  switch (WAYS[way]) {
    case 'none': return []
    case 'all': return whole(pending)
    case 'some': return some(whole(pending))
    case 'some pages': return some(cut(pending, 4096))
    case 'some sectors': return some(cut(pending, 512))
    case 'the first': return whole(pending.slice(0, n))
    default: return [...whole(pending.slice(0, n)), ...cut(pending.slice(n, n + 1), 512).slice(0, Math.floor(random() * pending[n]?.len / 512))]
  }
}

// The disk as it was when all that a flush covered was there; it only goes forward.
class Disk {
  constructor(record, file) {
    this.record = record
    this.done = 0
    this.file = file
    fs.copyFileSync(`${folder}/base`, file)
    this.fd = fs.openSync(file, 'r+')
  }

  advance(safe) {
    for (; this.done < safe; this.done++) {
      const e = this.record.list[this.done]
      if (e.kind === 'W') fs.writeSync(this.fd, bytes(this.record.fd, e), 0, e.len, e.to)
    }
  }

  copy(file, pending) {
    fs.copyFileSync(this.file, file)
    const fd = fs.openSync(file, 'r+')
    for (const [e, from, to] of pending) fs.writeSync(fd, bytes(this.record.fd, e), from, to - from, e.to + from)
    fs.closeSync(fd)
  }
}

// ---- what was promised before a point: key -> the answered value, and those tried since
function promised(marks, upto) {
  const all = new Map()
  for (const m of marks) {
    if (m.n >= upto) break
    if (m.ack) all.set(m.ack, { v: m.v, or: [] })
    else if (m.try) (all.get(m.try) ?? all.set(m.try, { or: [] }).get(m.try)).or.push(m.v)
  }
  return all
}

const run = script => new Promise(done => {
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  let text = ''
  let said = ''
  child.stdout.setEncoding('utf8') // a letter may come in two pieces
  child.stderr.setEncoding('utf8')
  child.stdout.on('data', d => { text += d })
  child.stderr.on('data', d => { said += d })
  child.on('error', e => done({ status: -1, text, said: String(e) }))
  child.on('close', (status, signal) => done({ status: status ?? -1, text, said: said + (signal ?? '') }))
})

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
const id = blob => { // 12 bytes as 20 characters of base32hex
  const n = BigInt('0x' + blob) << 4n
  return Array.from({ length: 20 }, (_, i) => ALPHABET[Number(n >> BigInt(95 - i * 5) & 31n)]).join('')
}
const ROWS = ['unit', 'person', 'news'].map(c => `SELECT '${c}', hex(id), ${c === 'news' ? 'title' : 'name'} FROM c_${c} JOIN record ON n = rec WHERE deleted = 0;`).join('') +
  "SELECT 'state', hex(id), _state FROM c_news JOIN record ON n = rec;"

// Shell for everything of a node's folder that a promise can be about, a line each, and what it printed as a map.
const quoted = text => `'${text.replaceAll("'", "'\\''")}'`
const look = box => `sqlite3 ${box}/linli.db ${quoted(`${ROWS}SELECT 'head/' || id, '', head FROM log;
  SELECT 'doubt', '', CAST(value AS TEXT) FROM meta WHERE key = 'doubt';`)} && sed -n 's,^metered = ,config/metered||,p; s,^parent = ,parent||,p' ${box}/config &&
  { [ ! -d ${box}/files ] || (cd ${box}/files && find . -type f -not -path './part/*' -exec sha256sum {} +); }`
function seen(text) {
  const all = new Map()
  for (const line of text.trim().split('\n')) {
    const [what, blob, v] = line.split('|')
    const file = line.match(/^([0-9a-f]{64})  \.\/(..)\/(.*)$/)
    if (file) all.set(`file/${file[2]}${file[3]}`, file[1])
    else all.set(blob === '' ? what : `${what}/${id(blob)}`, v)
  }
  return all
}
function broken(want, have) {
  if (have.has('doubt')) return `it takes itself for an old copy: ${have.get('doubt')}`
  for (const [key, { v, or }] of want) {
    const is = have.get(key) ?? '' // who was erased has no row, or one without a name
    if (key.startsWith('head/')) {
      if (!(Number(have.get(key)) >= v)) return `${key} ends with ${have.get(key)}, segment ${v} was there or is at the neighbour`
    } else if (v !== undefined && is !== v && !or.includes(is)) {
      return `${key} is ${is || 'not there'}, answered was ${v || 'that it is gone'}`
    }
  }
  return ''
}

const told = async script => {
  const r = await run(script)
  return r.status === 0 ? '' : `${script}: ${(r.text + r.said).slice(-400)}`
}

// A kept connection may close just as it is used again.
async function ask(...what) {
  for (let left = 3; ; left--)
    try {
      return await fetch(...what)
    } catch (e) {
      if (left === 0) throw e
      await sleep(50)
    }
}
let slowest = 0
// Served, read and written by people, rebuilt, scrubbed.
async function lives(box, want, door, program) {
  const began = Date.now()
  const log = fs.openSync(`${box}.log`, 'w')
  const child = spawn(program, ['serve', '--dir', box, '--listen', `127.0.0.1:${door}`], { stdio: ['ignore', log, log] })
  fs.closeSync(log)
  child.on('exit', () => { child.gone = true })
  const url = `http://127.0.0.1:${door}`
  const headers = { Origin: url, 'Content-Type': 'application/json' }
  let why = ''
  try {
    for (;;) {
      if (child.gone || Date.now() - began > 30000) throw new Error(`it does not start: ${fs.readFileSync(`${box}.log`, 'utf8').slice(-400)}`)
      if (await fetch(`${url}/sync/v1/hello`).then(r => r.ok, () => false)) break
      await sleep(10)
    }
    slowest = Math.max(slowest, Date.now() - began)
    const login = await ask(`${url}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ login: 'committee', password: 'linli-committee' }) })
    if (!login.ok) throw new Error(`login: ${login.status}`)
    headers.cookie = login.headers.get('set-cookie').split(';')[0]
    const keys = [...want].filter(([k]) => /^(unit|person)\//.test(k))
    for (const [key, { v, or }] of keys.slice(-20)) {
      const r = await ask(`${url}/api/v1/${key}`, { headers })
      const name = r.ok ? (await r.json()).f.name ?? '' : r.status === 404 ? '' : r.status
      if (v !== undefined && name !== v && !or.includes(name)) why ||= `${key} reads ${name}, answered was ${v}`
    }
    const r = await ask(`${url}/api/v1/news`, { method: 'POST', headers, body: JSON.stringify({ title: '来电以后', body: '正文', section: 'community', level: 'community' }) })
    if (r.status !== 201) why ||= `a save afterwards: ${r.status} ${await r.text()}`
  } catch (e) {
    why ||= e.message
  }
  child.kill('SIGTERM')
  while (!child.gone) await sleep(5)
  return why || told(['rebuild', 'scrub', 'verify'].map(c => `${program} ${c} --dir ${box}`).join(' && '))
}

// Cut while it is made and joins: once the command was done, the node is there and has its parent; before, it is, or init makes it.
function begins(record, want, box) {
  const status = `{ ${linli} status --dir ${box} --json >${box}.json; } && jq -r '"node||" + .node, "parent||" + .parent' ${box}.json`
  const init = `{ rmdir ${box}/lost+found; ${linli} init --dir ${box} ${inits[record.side].join(' ')}; } >&2`
  return want.has('node') ? status : `${status} 2>${box}.no || { ${init} && ${status}; }`
}

// Why a point is bad, '' when it is good. Leaves nothing behind.
async function judge(lane, disk, record, upto, mine, lie, full) {
  const list = record.list
  const random = generator(mine)
  let safe = upto
  for (let covered = lie ? 200 : 1; safe > 0; safe--) // behind the last flush, or one that lied
    if (list[safe - 1].kind === 'F' && --covered === 0) break
  const pending = list.slice(safe, upto).filter(e => e.kind === 'W')
  const way = lie ? [0, 2][mine % 2] : Math.floor(random() * WAYS.length)
  const work = `${shm}/${lane}`
  const box = `${work}/box`
  disk.advance(safe)
  fs.mkdirSync(box, { recursive: true })
  disk.copy(`${work}/image`, kept(pending, way, random))
  const want = promised(record.marks, upto)
  if (upto >= record.begin) want.delete('node') // it is what the log is called by, from then on
  const program = upto > record.next ? next : linli
  // the kernel replays its journal; in one shell, as starting each program from here costs more than some of them
  const first = await run(`mount -o loop ${work}/image ${box} && { ${upto < record.begin ? begins(record, want, box) :
    `${program} verify --dir ${box} >&2 && ${look(box)}`}; rc=$?; ${full ? '' : `umount ${box} &&`} exit $rc; }`)
  let why = first.status !== 0 ? `${first.said}${first.text}`.slice(-600) : broken(want, seen(first.text))
  if (full) {
    try {
      why ||= await lives(box, want, port + 10 + lane, program)
      const then = why ? null : await run(look(box))
      if (then) why = then.status !== 0 ? then.said : broken(want, seen(then.text))
    } catch (e) {
      why ||= e.message
    }
    why = await told(`umount ${box}`) || why
    // what a record of writes and a replay of the journal gave is a sound file system, or neither is what it is said to be
    if (!lie) why ||= await told(`e2fsck -fn ${work}/image`)
  }
  return why ? `${pending.length} writes pending, kept: ${WAYS[way]}: ${why}` : ''
}
const shm = fs.mkdtempSync(`${fs.existsSync('/dev/shm') ? '/dev/shm' : dir}/linli-power.`)
process.on('exit', () => fs.rmSync(shm, { recursive: true, force: true }))

function open() {
  const record = { fd: fs.openSync(`${folder}/record`) }
  record.list = entries(record.fd)
  record.marks = record.list.flatMap((e, n) => e.kind === 'M' ? [{ n, ...JSON.parse(bytes(record.fd, e).toString()) }] : [])
  const begin = record.marks.find(m => m.begin)
  record.side = record.marks.find(m => m.side).side
  record.begin = begin.n
  record.next = record.marks.find(m => m.next).n
  record.end = record.marks.find(m => m.end).n
  return record
}

// Points in lanes, each with a disk of its own that only goes forward.
async function sweep(record, n, from, to, lie) {
  const at = Array.from({ length: n }, (_, i) => from + Math.floor((i + generator(seed + i)()) * (to - from) / n))
  const bad = []
  let done = 0
  const lane = async l => {
    const disk = new Disk(record, `${shm}/disk${l}`)
    for (let i = l; i < n && bad.length < 3; i += jobs) {
      const why = await judge(l, disk, record, at[i], seed + i, lie, !lie && from > 1 && i % every === 0)
      done++
      if (why) bad.push([`${at[i]}-${seed + i}`, why])
      if (!lie && done % 100 === 0) console.log(`  ${done} points, slowest start ${slowest} ms`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, (_, l) => lane(l)))
  return { done, bad }
}

async function main() {
  const why = missing()
  if (why) {
    console.log(`  power cuts: skipped, because ${why}`)
    fs.rmSync(dir, { recursive: true, force: true })
    console.log('0 passed, 0 failed')
    process.exit(0)
  }
  if (!process.env.APART) apart()
  if (!process.env.RECORD) live()
  const record = open()
  const answered = record.marks.filter(m => m.ack).length
  if (process.env.AT) {
    const [upto, mine] = process.env.AT.split('-').map(Number)
    const why = await judge(0, new Disk(record, `${shm}/disk`), record, upto, mine, false, upto > record.begin)
    return verdict(`point ${process.env.AT}`, !why, why)
  }
  console.log(`  ${record.list.length} entries, ${record.list.filter(e => e.kind === 'F').length} flushes, ${answered} answers`)
  const again = bad => bad.map(([p, why]) => `\n  ${why}\n  again: RECORD=${folder} AT=${p} make torture T=power`).join('')
  const began = Date.now()
  const { done, bad } = await sweep(record, points, Number(process.env.FROM ?? record.begin + 1), record.end)
  if (plant) return verdict(`a program whose fsync does nothing is found out (${bad.length} of ${done})`, bad.length > 0)
  verdict(`seed ${seed}: ${done} points, ${answered} answers, none lost`, bad.length === 0 && answered > 0, again(bad))
  console.log(`  ${Math.round(done * 60000 / (Date.now() - began))} points a minute, slowest start ${slowest} ms`)
  const early = await sweep(record, Math.max(4, Math.floor(points / 10)), 1, record.begin)
  verdict(`seed ${seed}: ${early.done} points while it is made and joins`, early.bad.length === 0, again(early.bad))
  const lied = await sweep(record, Math.max(4, Math.min(20, Math.floor(points / 3))), record.begin + 1, record.end, true)
  verdict(`a disk whose flushes keep nothing is found out (${lied.bad.length} of ${lied.done})`, lied.bad.length > 0)
}
main().then(() => end(), end)
