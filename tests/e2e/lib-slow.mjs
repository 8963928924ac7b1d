// Slow clients. PORT tls SLOW PROBES: as many connections that send a header a byte at a time, from many addresses
// of this machine, and meanwhile probes; fails unless 99 % are answered within a second. PORT body: a body that
// drips; fails unless it is refused (408) before it ends. PORT stall: a node's body that stands still for 17 s, as
// where TCP waits after losses; fails unless all of it is read and the missing signature is what is refused.
import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
const [port, what, slow, probes] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), Number(process.argv[5])]
const sleep = ms => new Promise(done => setTimeout(done, ms))

if (what === 'body') {
  const q = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/api/v1/session', headers: { Origin: `http://127.0.0.1:${port}`, 'Content-Type': 'application/json', 'Content-Length': 100000 } })
  const answer = new Promise(done => q.on('response', done).on('error', done))
  const drip = setInterval(() => q.write(' '.repeat(100)), 600)
  const r = await Promise.race([answer, sleep(50000)])
  clearInterval(drip)
  q.destroy()
  console.log(r && r.statusCode)
  process.exit(r && r.statusCode === 408 ? 0 : 1)
}

if (what === 'stall') {
  const q = http.request({ port, host: '127.0.0.1', method: 'POST', path: '/sync/v1/heads', headers: { 'Content-Length': 600 } })
  const answer = new Promise(done => q.on('response', done).on('error', done))
  q.write(' '.repeat(512)) // what is read at once: then there is nothing for longer than a read waits
  await sleep(17000)
  q.end(' '.repeat(88))
  const r = await Promise.race([answer, sleep(20000)])
  let text = ''
  if (r && r.statusCode) for await (const part of r) text += part
  console.log(r && r.statusCode, text)
  process.exit(r && r.statusCode >= 400 && !/cut off|slowly/.test(text) ? 0 : 1)
}

const open = []
for (let i = 0; i < slow; i++) {
  const s = tls.connect({ port, host: '127.0.0.1', localAddress: `127.0.${1 + (i % 200)}.1`, rejectUnauthorized: false })
  s.on('error', () => undefined)
  s.on('secureConnect', () => s.write('GET / HTTP/1.1\r\nHost: linli.example\r\nX-Slow: '))
  open.push(s)
}
const drip = setInterval(() => open.forEach(s => { if (s.writable) s.write('a') }), 1000)
await sleep(3000)
let quick = 0
for (let i = 0; i < probes; i++) {
  const from = Date.now()
  const good = await new Promise(done => https.get({ port, host: '127.0.0.1', path: '/sync/v1/hello', localAddress: `127.1.${i}.1`, agent: false, rejectUnauthorized: false, timeout: 5000 },
    r => { r.resume(); r.on('end', () => done(r.statusCode === 200)) }).on('error', () => done(false)).on('timeout', function () { this.destroy() }))
  quick += good && Date.now() - from < 1000 ? 1 : 0
}
clearInterval(drip)
const held = open.filter(s => s.writable).length
open.forEach(s => s.destroy())
console.log(`${quick} of ${probes} within a second, ${held} of ${slow} still dripping`)
process.exit(quick >= probes * 0.99 ? 0 : 1)
