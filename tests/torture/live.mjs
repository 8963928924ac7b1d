// A box's days on a disk whose every write is recorded (recorder.c): four people save at once, the parent is reached all
// the while, the box is stopped and started, keys are rotated, what is old is dropped, damage is looked for, the tables are built anew,
// a stick is taken in, a person is erased, the program becomes the next version's.
// What was tried and what was answered are marks in the record, each where it stood among the writes.
//   live.mjs OUT SAVES    makes OUT/base (the disk as it was made) and OUT/record; needs root, here or in user-mode-linux
// SIDE=district: the disk is the parent's, and what its child was given receipts for is what counts.
import { execFile, spawn, spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import { at, children, dir, json, lines, linliRun, must, next, pair, port, serve, sleep, stop } from './lib.mjs'

const [out, saves] = [process.argv[2], Number(process.argv[3])]
const side = process.env.SIDE ?? 'community'
const MIB = saves > 100 ? 48 : 24
const run = (...args) => {
  const r = spawnSync(args[0], args.slice(1), { encoding: 'utf8' })
  if (r.status !== 0) throw new Error(`${args.join(' ')}: ${r.stderr ?? r.error}`)
}

async function disk() {
  fs.writeFileSync(`${out}/base`, '')
  fs.truncateSync(`${out}/base`, MIB << 20)
  run('mke2fs', '-q', '-t', 'ext4', '-b', '4096', '-J', 'size=4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', `${out}/base`)
  run('cp', '--sparse=always', `${out}/base`, at('image'))
  fs.mkdirSync(at('reel'))
  fs.mkdirSync(at(side))
  const recorder = spawn('build/tests/torture/recorder', [at('reel'), at('image'), `${out}/record`], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((done, fail) => {
    recorder.stdout.once('data', done)
    recorder.once('exit', () => fail(new Error('the recorder does not start')))
  })
  run('mount', '-o', 'loop', at('reel/disk'), at(side))
  fs.rmdirSync(at(`${side}/lost+found`)) // a node begins in an empty folder
  return recorder
}

let marks
const mark = m => fs.writeSync(marks, JSON.stringify(m))
const answered = (key, v) => { if (side === 'community') mark({ ack: key, v }) }
const url = `http://127.0.0.1:${port}`
let cookie = ''
async function call(method, path, body) {
  const json = !Buffer.isBuffer(body)
  const r = await fetch(`${url}/api/v1/${path}`, { method, body: json ? JSON.stringify(body) : body,
    headers: { Origin: url, cookie, 'Content-Type': json ? 'application/json' : 'application/octet-stream' } })
  const text = await r.text()
  if (!r.ok) throw Object.assign(new Error(`${method} ${path}: ${r.status} ${text}`), { fatal: r.status < 500 && r.status !== 429 })
  if (r.headers.get('set-cookie')) cookie = r.headers.get('set-cookie').split(';')[0]
  return text ? JSON.parse(text) : {}
}

let left = saves
const units = []
const deeds = [
  [8, async n => {
    const v = `单位 ${n}`
    const { id } = await call('POST', 'unit', { name: v, kind: 'business', address: '翠苑路 1 号' })
    answered(`unit/${id}`, v)
    units.push(id)
  }],
  [4, async n => {
    const id = units.splice(Math.floor(Math.random() * units.length), 1)[0] // nobody else has it meanwhile
    if (!id) return
    const v = `改名 ${n}`
    mark({ try: `unit/${id}`, v })
    await call('PATCH', `unit/${id}`, { name: v })
    answered(`unit/${id}`, v)
    units.push(id)
  }],
  [6, async n => {
    const v = `居民 ${n}`
    const { id } = await call('POST', 'person', { name: v, id_type: '111', sex: '1', kind: 'local', status: 'living' })
    answered(`person/${id}`, v)
  }],
  [2, async n => {
    const photo = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), crypto.randomBytes(3000 + n * 7 % 30000)])
    const { sha } = await call('POST', 'files?name=a.jpg', photo)
    const v = `新闻 ${n}`
    const { id } = await call('POST', 'news', { title: v, body: '正文', section: 'community', level: 'community', cover: { sha } })
    answered(`news/${id}`, v)
    answered(`file/${sha}`, sha)
    await call('POST', `news/${id}/steps`, { action: 'publish' })
    answered(`state/${id}`, 'published')
  }],
  [1, async n => {
    const v = n % 2 === 1
    mark({ try: 'config/metered', v: v ? '1' : '0' })
    await call('PATCH', 'uplink', { metered: v })
    answered('config/metered', v ? '1' : '0')
  }]
]
const bag = deeds.flatMap(([n, f], i) => Array(n).fill([f, i]))
let changing = false // one at a time: of two who change a setting at once, either may be last
async function client(until) {
  while (left > until) {
    const n = left--
    const [deed, which] = bag[Math.floor(Math.random() * bag.length)]
    if (which === 4 && changing) continue
    if (which === 4) changing = true
    try {
      await deed(n)
    } catch (e) {
      if (e.fatal) throw e
      await sleep(20)
    }
    if (which === 4) changing = false
  }
}
const clients = until => Promise.all(Array.from({ length: 4 }, () => client(until)))

// Of the box's log: what the parent has, whoever was told of it; or the receipts that the box has, if the disk is the parent's.
let over = false
async function watch(log) {
  const [db, what] = side === 'community' ? ['district/linli.db', 'head'] : ['community/linli.db', 'receipt']
  for (let last = 0; !over; await sleep(5)) {
    const head = await new Promise(done => execFile('sqlite3', ['-readonly', at(db), `.timeout 2000`, `SELECT ${what} FROM log WHERE id = '${log}'`],
      (e, text) => done(Number(text.trim() || 0))))
    if (head > last) mark({ ack: `head/${log}`, v: last = head })
  }
}

// The stick of the other side, which has something to say since.
function stick() {
  const [other, file] = [side === 'community' ? 'district' : 'community', at('unit.jsonl')]
  fs.writeFileSync(file, lines(5, '盘上'))
  must(['load', '--dir', at(other), '--collection', 'unit', file])
  must(['export', '--dir', at(other), ...other === 'district' ? ['--to', 'children'] : [], at('stick')])
  const log = json(other, ['status']).node
  must(['import', '--dir', at(side), at('stick')])
  const head = dir => Number(spawnSync('sqlite3', ['-readonly', `${at(dir)}/linli.db`, `SELECT head FROM log WHERE id = '${log}'`], { encoding: 'utf8' }).stdout)
  if (head(side) !== head(other)) throw new Error(`the stick brought ${head(side)} of ${head(other)} segments`)
  mark({ ack: `head/${log}`, v: head(side) })
}

// Somebody who was there asks to be erased; once that is signed for, no name comes back.
async function erase() {
  const { id: person } = await call('POST', 'person', { name: '诸葛要删', id_type: '111', sex: '1', kind: 'local', status: 'living' })
  answered(`person/${person}`, '诸葛要删')
  const { id } = await call('POST', 'subject_request', { person, kind: 'delete', text: '请删除' })
  await call('POST', `subject_request/${id}/steps`, { action: 'check' })
  mark({ try: `person/${person}`, v: '' })
  await call('POST', `subject_request/${id}/steps`, { action: 'finish', note: '已核对身份' })
  for (let i = 0; ; i++) { // it is done a second later
    const signed = spawnSync('sqlite3', ['-readonly', `${at('community')}/linli.db`, "SELECT substr(CAST(value AS TEXT), 1, 1) FROM meta WHERE key LIKE 'erase/%'"],
      { encoding: 'utf8' }).stdout.trim()
    if (signed === 'd') break
    if (i === 600) throw new Error(`the erasure is not signed for: ${signed}`)
    await sleep(50)
  }
  answered(`person/${person}`, '')
}

async function main() {
  const recorder = await disk()
  marks = fs.openSync(at('reel/marks'), 'a')
  mark({ side })
  await pair(port + 1, what => {
    if (what === `${side} is made`) mark({ ack: 'node', v: json(side, ['status']).node })
    else if (what === `${side} has joined`) mark({ ack: 'parent', v: `http://127.0.0.1:${port + 1}` })
  })
  for (const name of ['community', 'district'])
    must(['user', 'add', '--dir', at(name), '--login', 'committee', '--role', name === 'community' ? 'committee' : 'clerk'], 'linli-committee\n')
  const log = json('community', ['status']).node
  mark({ begin: true })
  const nodes = { district: await serve('district', port + 1), community: await serve('community', port) }
  const watching = watch(log)
  await call('POST', 'session', { login: 'committee', password: 'linli-committee' })
  const sync = () => must(['sync', '--dir', at('community')])
  await clients(saves * 3 / 4)
  must(['rotate', '--dir', at(side)])
  must(['rotate', '--dir', at(side), '--own'])
  await clients(saves / 2)
  await stop(nodes[side])
  nodes[side] = await serve(side, side === 'community' ? port : port + 1)
  await clients(saves / 4)
  sync()
  const old = ['prune', '--dir', at(side), '--before', `${new Date().getFullYear() + 1}q1`]
  must(old)
  sync()
  must(old)
  await clients(saves / 8)
  must(['scrub', '--dir', at(side)])
  must(['rebuild', '--dir', at(side)])
  sync()
  stick()
  await sleep(50) // connections that were closed meanwhile are noticed
  await erase()
  mark({ next: true })
  await stop(nodes[side])
  nodes[side] = await serve(side, side === 'community' ? port : port + 1, next)
  await clients(0)
  sync()
  over = true
  await watching
  await stop(nodes.community)
  await stop(nodes.district)
  mark({ end: true })
  fs.closeSync(marks)
  run('umount', at(side))
  run('umount', at('reel'))
  if (recorder.exitCode === null) await new Promise(done => recorder.once('exit', done))
  if (linliRun(['verify', '--dir', at(side === 'community' ? 'district' : 'community')]).status !== 0) throw new Error('the other side does not verify')
  fs.rmSync(dir, { recursive: true, force: true })
}
main().then(() => process.exit(0), e => {
  console.error(e.stack)
  for (const c of children) c.kill('SIGKILL')
  process.exit(1)
})
