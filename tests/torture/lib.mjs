// What the torture tests share: two enrolled nodes as a starting point, copies of them, verdicts.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export const linli = path.resolve(process.env.LINLI ?? 'build/linli')
export const next = path.resolve('build/next/linli') // a version to come
export const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'linli-torture.'))
export const at = name => path.join(dir, name)
export const port = Number(process.env.PORT ?? 18900)
export const sleep = ms => new Promise(done => setTimeout(done, ms))
let passed = 0
let failed = 0
export const children = new Set() // nodes that are served

export const verdict = (what, good, why = '') => {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok    ' : 'FAILED'} ${what}${good ? '' : ` ${why}`}`)
}
export const linliRun = (args, input) => spawnSync(linli, args, { input, encoding: 'utf8', timeout: 120000, env: { ...process.env, LC_ALL: 'C.UTF-8' } })
export const must = (args, input) => {
  const r = linliRun(args, input)
  if (r.status !== 0) throw new Error(`linli ${args.join(' ')}: ${r.status} ${r.signal} ${r.stderr}`)
  return r.stdout
}
export const json = (name, args) => JSON.parse(must([...args.slice(0, 1), '--dir', at(name), ...args.slice(1), '--json']))

export async function serve(name, p, program = linli) {
  const out = fs.openSync(at(`${name}.log`), 'a')
  const child = spawn(program, ['serve', '--dir', at(name), '--listen', `127.0.0.1:${p}`], { stdio: ['ignore', out, out] })
  fs.closeSync(out)
  children.add(child)
  child.on('exit', () => { child.gone = true; children.delete(child) })
  const begin = Date.now()
  while (Date.now() - begin < 30000 && !child.gone) {
    try {
      if ((await fetch(`http://127.0.0.1:${p}/sync/v1/hello`)).ok) return child
    } catch { /* not yet */ }
    await sleep(10)
  }
  throw new Error(`${name} does not start: ${fs.readFileSync(at(`${name}.log`), 'utf8').slice(-600)}`)
}
export async function stop(child, signal = 'SIGTERM') {
  child.kill(signal)
  while (!child.gone) await sleep(5)
}

// A district and a community that joined it and has synced once; nobody serves. The child calls its parent at `door`.
// The community's recovery key lies in the file `paper`. `done` is told of each step that is over.
export const inits = {
  district: ['--region', '330106000000', '--role', 'district', '--name', '西湖区', '--root'],
  community: ['--region', '330106005055', '--role', 'community', '--name', '翠苑一区社区']
}
export async function pair(door, done = () => {}) {
  must(['init', '--dir', at('district'), ...inits.district])
  done('district is made')
  const made = must(['init', '--dir', at('community'), ...inits.community])
  done('community is made')
  fs.writeFileSync(at('paper'), made.match(/AGE-SECRET-KEY-1[A-Z0-9]+/)[0] + '\n')
  const parent = await serve('district', door)
  const code = must(['invite', '--dir', at('district'), '--region', '330106005055', '--role', 'community']).trim().split(/\s+/).pop()
  must(['join', '--dir', at('community'), '--parent', `http://127.0.0.1:${door}`, '--code', code])
  done('community has joined')
  must(['sync', '--dir', at('community')])
  await stop(parent)
}

// Files are written back into the same folder: a copy elsewhere would be taken for one, and rightly.
const files = (root, sub = '') => fs.readdirSync(path.join(root, sub), { withFileTypes: true }).flatMap(e =>
  e.isDirectory() ? [path.join(sub, e.name) + '/', ...files(root, path.join(sub, e.name))] : [path.join(sub, e.name)])
export function keep(name) {
  return files(at(name)).filter(f => f !== 'control' && f !== 'lock').map(f => [f, f.endsWith('/') ? null : fs.readFileSync(path.join(at(name), f))])
}
export function bring(name, image) {
  const wanted = new Set(image.map(([f]) => f))
  for (const f of files(at(name)).reverse()) if (!wanted.has(f) && f !== 'lock') fs.rmSync(path.join(at(name), f), { recursive: true, force: true })
  for (const [f, bytes] of image) {
    if (bytes === null) fs.mkdirSync(path.join(at(name), f), { recursive: true })
    else {
      fs.writeFileSync(path.join(at(name), f), bytes, { mode: 0o600 })
    }
  }
}
export const lines = (n, word) => Array.from({ length: n }, (_, i) => JSON.stringify({ name: `${word} ${i}`, kind: 'business', address: '翠苑路 1 号' })).join('\n') + '\n'

export function end(e) {
  if (e) verdict('the test itself', false, e.stack)
  for (const c of children) c.kill('SIGKILL')
  if (failed === 0) fs.rmSync(dir, { recursive: true, force: true })
  else console.log(`kept: ${dir}`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exit(failed === 0 && passed > 0 ? 0 : 1)
}
process.on('unhandledRejection', end)
process.on('uncaughtException', end)
