// The link to the parent on its settings page: hours, a real proxy, a rate, paid by volume; and a link of 9.6 kbit/s that
// loses and delays: it still delivers, text before pictures.
import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { api, dir, end, login, look, must, ok, open, shows, startNode, until } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650)
const cuttable = port + 4
const proxyPort = port + 5
const children = []
process.on('exit', () => children.forEach(c => c.kill('SIGTERM')))

// --- a poor link: `rate` bytes a second each way, chunks held up as resent ones are where 40 % get lost, and a cut now and then
const terms = { rate: Infinity, loss: 0, cutEvery: Infinity, carried: 0, cuts: 0 }
const relay = (from, to, end) => {
  let queue = Promise.resolve()
  let since = 0
  from.on('data', chunk => {
    from.pause()
    const parts = []
    for (let i = 0; i < chunk.length; i += 536) parts.push(chunk.subarray(i, i + 536))
    for (const part of parts) {
      queue = queue.then(async () => {
        let wait = part.length / terms.rate * 1000
        while (Math.random() < terms.loss) wait += part.length / terms.rate * 1000 + 50 // sent again
        if (wait > 1) await new Promise(done => setTimeout(done, wait))
        terms.carried += part.length
        since += part.length
        if (since > terms.cutEvery) { terms.cuts++; end() } else if (!to.destroyed) to.write(part)
      })
    }
    queue = queue.then(() => { if (!from.destroyed) from.resume() })
  })
  from.on('end', () => { queue = queue.then(() => to.end()) }) // what is on its way still arrives
}
net.createServer({ allowHalfOpen: true }, near => {
  const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const stop = () => { near.destroy(); far.destroy() }
  near.on('error', stop)
  far.on('error', stop)
  relay(near, far, stop)
  relay(far, near, stop)
}).listen(cuttable, '127.0.0.1').unref()

const district = await startNode('xihu', port, '330106000000', 'district', ['clerk'])
const box = await startNode('cuiyuan', port + 1, '330106005055', 'community', ['committee', 'worker', 'resident'], district,
  { prepare: at => fs.appendFileSync(`${at}/config`, `sync_every_s = 2\nparent = http://127.0.0.1:${cuttable}\n`) })
const desk = await open(1440, 900)
await login(desk, box.base, 'committee')
const clerk = await open(360, 640)
await login(clerk, district.base, 'clerk')
const within = async (page, test) => await until(page, test) || await until(page, test) || await until(page, test) // 45 s at most
const publish = async title => {
  const n = await must(desk, 'POST', '/news', { title, body: title, level: 'community', section: 'community' })
  await must(desk, 'POST', `/news/${n.id}/steps`, { action: 'publish' })
}
const arrived = async title => await within(clerk, async () => (await must(clerk, 'GET', '/news?limit=100')).items.some(i => i.f.title === title))
const status = async () => (await must(desk, 'GET', '/status')).sync

// --- hours
await desk.click('.side a[href="/uplink"]')
ok('the page says how the link does', await shows(desk, 'text=上次成功'))
await look(desk, 'link desktop')
const hour = h => String((new Date(Date.now() + 8 * 3600000).getUTCHours() + h) % 24).padStart(2, '0') + ':00'
const shut = `${hour(2)}-${hour(3)}`
await desk.fill('#l-window', shut)
await desk.click('form button[type=submit]')
ok('what is saved is in force', await shows(desk, 'text=已保存并生效'))
await within(desk, async () => (await status()).opens_ms > Date.now()) // a sync that is under way ends first
await publish('等到夜里')
ok('outside its hours nothing goes by itself, and the strip says what it waits for', await shows(desk, `.strip:has-text("起同步")`))
ok('the page, too', await shows(desk, 'text=时段外'))
await look(desk, 'link waits desktop')
ok('it was not sent', !(await must(clerk, 'GET', '/news')).items.some(i => i.f.title === '等到夜里'))
ok('it stands in the configuration for the next start', fs.readFileSync(`${box.dir}/config`, 'utf8').includes(`window = ${shut}`))
ok('wrong hours are refused in words', (await api(desk, 'PATCH', '/uplink', { window: '25:00-3' })).body.detail.length > 0 && (await api(desk, 'PATCH', '/uplink', { window: '7-8' })).status >= 400)
ok('a proxy that is no address, too', (await api(desk, 'PATCH', '/uplink', { proxy: 'ftp://x' })).status >= 400)
ok('and a line break in it', (await api(desk, 'PATCH', '/uplink', { proxy: 'http://a\nparent = http://evil' })).status >= 400)
ok('a resident may not set it', await (async () => { const r = await open(360, 640); await login(r, box.base, 'resident'); return (await api(r, 'PATCH', '/uplink', { window: '' })).status === 403 })())
await must(desk, 'POST', '/sync')
ok('“sync now” works at any hour', await arrived('等到夜里'))
await must(desk, 'PATCH', '/uplink', { window: '' })

// --- a real proxy on the way
const seen = path.join(dir, 'proxy.log')
fs.mkdirSync(path.join(dir, 'nginx'))
fs.writeFileSync(path.join(dir, 'nginx.conf'), `daemon off; pid ${dir}/nginx/pid; error_log ${dir}/nginx/error; worker_processes 1; events { worker_connections 64; }
http { log_format way '$request'; access_log ${seen} way; client_body_temp_path ${dir}/nginx/b; proxy_temp_path ${dir}/nginx/p; fastcgi_temp_path ${dir}/nginx/f; uwsgi_temp_path ${dir}/nginx/u; scgi_temp_path ${dir}/nginx/s;
 server { listen 127.0.0.1:${proxyPort}; client_max_body_size 20m; location / { proxy_pass http://$http_host$request_uri; proxy_http_version 1.1; proxy_set_header Host $http_host; } } }`)
const nginx = spawn('nginx', ['-c', path.join(dir, 'nginx.conf')], { stdio: 'ignore', env: { ...process.env, PATH: process.env.PATH + ':/usr/sbin' } })
children.push(nginx)
const listens = await until(desk, () => new Promise(done => { http.get({ port: proxyPort, host: '127.0.0.1', path: '/', headers: { Host: `127.0.0.1:${port}` } }, r => { r.resume(); done(true) }).on('error', () => done(false)) }))
ok('nginx stands there as a proxy', listens)
await must(desk, 'PATCH', '/uplink', { proxy: `http://127.0.0.1:${proxyPort}` })
await publish('经过代理')
ok('through the proxy it arrives, signatures and all', await arrived('经过代理'))
ok('and the proxy carried it', /POST .*\/sync\/v1\/log\//.test(fs.readFileSync(seen, 'utf8')))
nginx.kill('SIGTERM')
await new Promise(done => nginx.on('exit', done))
await publish('代理坏了')
ok('a dead proxy is said on the page', await until(desk, async () => (await must(desk, 'GET', '/uplink')).last.failures > 0))
await must(desk, 'PATCH', '/uplink', { proxy: '' })
ok('without it all goes on', await arrived('代理坏了'))

// --- paid by volume: not after each save, and small pictures only
const upload = async (page, bytes, name) => (await page.evaluate(async ([b64, n]) => {
  const raw = Uint8Array.from(atob(b64), c => c.charCodeAt(0))
  return (await fetch('/api/v1/files?name=' + n, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: raw })).json()
}, [bytes.toString('base64'), name])).sha
const photo = n => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), crypto.randomBytes(n)])
const there = sha => fs.existsSync(path.join(district.dir, 'files', sha.slice(0, 2), sha.slice(2)))
await must(desk, 'PATCH', '/uplink', { metered: true })
await must(desk, 'POST', '/sync') // whatever ran under the old terms has ended
const [large, small] = [await upload(desk, photo(150000), 'large.png'), await upload(desk, photo(9000), 'small.png')]
await must(desk, 'POST', '/notice', { title: '带图', body: '带图', kind: 'other', expire: '2099-01-01', files: [{ sha: large }, { sha: small }] })
await must(desk, 'POST', '/sync')
ok('paid by volume, the small picture goes', await until(desk, async () => there(small)))
ok('and the large one waits', !there(large))

// --- 9.6 kbit/s, 40 % of packets lost
Object.assign(terms, { rate: 1200, loss: 0.4, carried: 0 })
await must(desk, 'PATCH', '/uplink', { metered: false })
const began = Date.now()
await publish('细线也能到')
ok('on 9.6 kbit/s with 40 % loss the news arrives', await arrived('细线也能到'))
console.log(`       after ${((Date.now() - began) / 1000).toFixed(1)} s, ${terms.carried} bytes carried`)
ok('before the large picture, which comes last', !there(large))
Object.assign(terms, { rate: 200000, loss: 0.4, cutEvery: 50000, cuts: 0 })
ok('which arrives in the end, in parts, though the link is cut every 50 KB', await within(desk, async () => there(large)) && terms.cuts > 0, `${terms.cuts} cuts`)
console.log(`       ${terms.cuts} cuts on the way`)

// --- a rate of one's own choice
Object.assign(terms, { rate: Infinity, loss: 0, cutEvery: Infinity, carried: 0 })
await must(desk, 'PATCH', '/uplink', { rate_kbit: 400 }) // 50 kB/s
const slow = await upload(desk, photo(200000), 'slow.png')
await must(desk, 'POST', '/notice', { title: '限速', body: '限速', kind: 'other', expire: '2099-01-01', files: [{ sha: slow }] })
const from = Date.now()
await must(desk, 'POST', '/sync')
const took = (Date.now() - from) / 1000
ok('a chosen rate is kept to', there(slow) && took > 1.5, `${took} s`)
const phone = await open(360, 640)
await login(phone, box.base, 'committee')
await phone.goto(`${box.base}/uplink`)
ok('a phone shows the page, too', await shows(phone, '#l-rate'))
await look(phone, 'link phone')
await end()
