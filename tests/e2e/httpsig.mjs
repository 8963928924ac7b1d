// Signed requests between nodes as an independent implementation of RFC 9421 makes and reads them (npm
// http-message-signatures): both directions, and every tampered variant refused.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { createRequire } from 'node:module'
import { end, knock, ok, startNode } from './lib-browser.mjs'
const { httpbis } = createRequire(path.resolve('tests/package.json'))('http-message-signatures')

const port = Number(process.env.PORT0 ?? 18650) + 92
const district = await startNode('西湖区', port, '330106000000', 'district', [])
const community = await startNode('翠苑一区社区', port + 3, '330106005055', 'community', [], district)

/** The strings of an OpenSSH blob (PROTOCOL.key) from `at` on. */
function strings(blob, at) {
  const out = []
  while (at + 4 <= blob.length) {
    const len = blob.readUInt32BE(at)
    if (at + 4 + len > blob.length) break
    out.push(blob.subarray(at + 4, at + 4 + len))
    at += 4 + len
  }
  return out
}
function secretKey(dir) {
  const blob = Buffer.from(fs.readFileSync(`${dir}/node.key`, 'utf8').replace(/-----.*?-----|\s/g, ''), 'base64')
  // the private half begins at the second mention of the key's type: type, public key, seed and public key
  const half = blob.subarray(blob.indexOf('ssh-ed25519', blob.indexOf('ssh-ed25519') + 20) - 4)
  const seed = strings(half, 0)[2].subarray(0, 32)
  return createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]) })
}
function publicKey(dir) {
  const raw = strings(Buffer.from(fs.readFileSync(`${dir}/node.pub`, 'utf8').split(' ')[1], 'base64'), 0)[1]
  return createPublicKey({ format: 'der', type: 'spki', key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]) })
}
const idOf = dir => fs.readFileSync(`${dir}/node.pub`, 'utf8').trim().split(' ').pop()
const own = { id: idOf(community.dir), key: secretKey(community.dir) }
const theirs = { id: idOf(district.dir), key: publicKey(district.dir) }
const digest = body => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
const hello = async () => (await knock(`${district.base}/sync/v1/hello`)).json()

const FIELDS = ['@method', '@path', '@query', 'content-digest', 'linli-to']
/** A signed request; `change` may alter what is signed over, `after` what is sent. */
async function request({ nonce, body = '{"all":""}', change = {}, after = {} }) {
  const plain = { method: 'POST', url: `${district.base}/sync/v1/heads?`, headers: { 'content-digest': digest(body), 'linli-to': theirs.id } }
  const signed = await httpbis.signMessage({
    name: 's', fields: FIELDS, params: ['created', 'keyid', 'nonce', 'tag'],
    paramValues: { created: new Date(), keyid: own.id, nonce: nonce ?? (await hello()).nonce, tag: 'linli1', ...change },
    key: { id: own.id, alg: 'ed25519', sign: async data => sign(null, data, own.key) },
  }, plain)
  const headers = Object.fromEntries(Object.entries(signed.headers).map(([k, v]) => [k.toLowerCase(), String(v)]))
  return { method: 'POST', path: '/sync/v1/heads', body, ...after, headers: { ...headers, ...(after.headers ?? {}) }, signed: { ...plain, headers } }
}
/** fetch() would tidy up the request: this sends it as it is. A connection each: a node closes an idle one after 50 ms. */
const send = r => new Promise((done, fail) => {
  const q = http.request(`${district.base}${r.path}`, { agent: false, method: r.method, headers: { ...r.headers, 'content-length': Buffer.byteLength(r.body) } }, a => {
    const parts = []
    a.on('data', d => parts.push(d))
    a.on('end', () => done({ status: a.statusCode, headers: a.headers, body: Buffer.concat(parts) }))
  })
  q.on('error', fail)
  q.end(r.body)
})

try {
  const r = await request({})
  const a = await send(r)
  ok('a request signed by another implementation is accepted', a.status === 200, `${a.status} ${a.body}`)
  const judge = (status, headers) => httpbis.verifyMessage({ keyLookup: async () => ({ id: theirs.id, algs: ['ed25519'], verify: async (data, s) => verify(null, data, theirs.key, s) }) },
    { status, headers }, r.signed).catch(() => false)
  ok('its response verifies there, bound to that request', await judge(a.status, a.headers) === true)
  ok('the digest is that of the body', a.headers['content-digest'] === digest(a.body))
  ok('another status does not verify', await judge(201, a.headers) !== true)
  ok('nor another nonce', await judge(a.status, { ...a.headers, 'linli-nonce': 'x' }) !== true)
  const replay = await send(r)
  ok('the same request again is refused', replay.status === 425, `${replay.status}`)
  ok('the nonce it brought is good for the next', (await send(await request({ nonce: a.headers['linli-nonce'] }))).status === 200)

  const stranger = createPrivateKey({ format: 'der', type: 'pkcs8', key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]) })
  const resigned = await request({})
  resigned.headers.signature = `s=:${sign(null, Buffer.from('other'), stranger).toString('base64')}:`
  const bad = [
    ['another body', await request({ after: { body: '{"all":" "}' } })],
    ['another path', await request({ after: { path: '/sync/v1/keys?' } })],
    ['another query', await request({ after: { path: '/sync/v1/heads?a=1' } })],
    ['another method', await request({ after: { method: 'GET', path: '/sync/v1/heads?' } })],
    ['another addressee', await request({ after: { headers: { 'linli-to': own.id } } })],
    ['another signer', resigned],
    ['another tag', await request({ change: { tag: 'linli2' } })],
    ['an unknown node', await request({ change: { keyid: '330106005055-aaaaaaaaaaaaaaaa' } })],
    ['an invented nonce', await request({ nonce: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' })],
    ['no signature', await request({ after: { headers: { signature: '' } } })],
    ['no digest', await request({ after: { headers: { 'content-digest': '' } } })],
    ['two signatures', await request({ after: { headers: { 'signature-input': 's=("@method");created=1, t=("@method")' } } })],
  ]
  for (const [what, q] of bad) {
    const got = await send(q)
    ok(`${what} is refused`, got.status >= 400 && got.status < 500 && got.status !== 404, `${got.status} ${got.body}`)
  }
  const still = await send(await request({}))
  ok('and the node goes on', still.status === 200)
} catch (e) {
  ok('signatures', false, e.stack.slice(0, 600))
}
await end()
