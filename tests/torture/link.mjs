// The link between a community and its district is cut after each number of bytes of a 64 KiB exchange, counted in both
// directions together; it always resumes, and nothing arrives twice. link.mjs [STRIDE]: every STRIDE-th byte only.
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import { at, end, linli, must, pair, port, serve, stop, verdict } from './lib.mjs'

const stride = Number(process.argv[2] ?? 16)
const SIZE = 65536
let left = Infinity // bytes until the cut
let seen = 0
const door = net.createServer(near => {
  const far = net.connect(port + 2, '127.0.0.1')
  const cut = () => { near.destroy(); far.destroy() }
  const carry = to => bytes => {
    const part = bytes.subarray(0, Math.max(0, left))
    left -= bytes.length
    seen += part.length
    if (left > 0) return void to.write(part)
    to.write(part, () => setImmediate(cut)) // what fits still arrives
  }
  near.on('error', cut).on('close', cut).on('data', carry(far))
  far.on('error', cut).on('close', cut).on('data', carry(near))
})
const run = args => new Promise(done => {
  const c = spawn(linli, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  c.stderr.on('data', d => { err += d })
  c.on('exit', (status, signal) => done({ status, signal, err }))
})

async function main() {
  await pair(port + 1)
  await new Promise(done => door.listen(port + 1, '127.0.0.1', done))
  const parent = await serve('district', port + 2)
  const sync = ['sync', '--dir', at('community')]
  let rows = 0
  let batch = 0
  const more = () => { // some 60 kB on the wire
    fs.writeFileSync(at('rows.jsonl'), Array.from({ length: 1500 }, (_, i) => JSON.stringify({ name: `单位 ${batch}-${i} ${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`, kind: 'business', address: `${Math.random()}` })).join('\n') + '\n')
    must(['load', '--dir', at('community'), '--collection', 'unit', at('rows.jsonl')])
    rows += 1500
    batch++
  }
  const waiting = () => JSON.parse(must(['status', '--dir', at('community'), '--json'])).unsent
  let points = 0
  let cuts = 0
  let wrong = ''
  more()
  for (let n = 1; n <= SIZE && !wrong; n += stride) {
    left = n
    const r = await run(sync)
    points++
    if (r.status !== 0) cuts++
    if (r.signal || (r.status !== 0 && r.status !== 1)) wrong = `cut after ${n} bytes: ${r.status} ${r.signal} ${r.err.slice(-300)}`
    if (r.status === 0 || n % (64 * stride) === 1) {
      left = Infinity
      const whole = await run(sync)
      if (whole.status !== 0) wrong = `after a cut at ${n}: ${whole.err.slice(-300)}`
      if (waiting() !== 0) wrong = `after a cut at ${n}: something is still unsent`
      if (batch < 40) more()
    }
  }
  left = Infinity
  seen = 0
  const last = await run(sync)
  verdict(`cut after ${points} numbers of bytes up to ${SIZE} (${cuts} syncs failed, ${batch} loads), it went on each time`, !wrong && last.status === 0 && cuts > 0, wrong || last.err)
  await stop(parent)
  for (const name of ['community', 'district']) {
    const n = Number(spawnSync('sqlite3', ['-readonly', `${at(name)}/linli.db`, 'SELECT count(*) FROM c_unit'], { encoding: 'utf8' }).stdout)
    verdict(`${name}: all ${rows} are there, each once`, n === rows, `${n}`)
    const v = await run(['verify', '--dir', at(name)])
    verdict(`${name}: verify finds nothing wrong`, v.status === 0, v.err)
  }
  door.close()
}
main().then(() => end(), end)
