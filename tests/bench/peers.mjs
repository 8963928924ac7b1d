// The same stream through stock git (SSH-signed, smart HTTP, verified, then queryable in SQLite) and fossil.
import { spawnSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { counter, waitPort } from './net.mjs'

const must = (cmd, args, options = {}) => {
  const r = spawnSync(cmd, args, { maxBuffer: 1 << 28, ...options })
  if (r.status !== 0) throw new Error(`${cmd} ${args.join(' ')}: ${r.stderr}`)
  return r.stdout.toString()
}
const seconds = from => Number(process.hrtime.bigint() - from) / 1e9

// git-http-backend behind a minimal CGI bridge
function gitServer(root) {
  const server = http.createServer((q, s) => {
    const url = new URL(q.url, 'http://x')
    const cgi = spawn('/usr/lib/git-core/git-http-backend', [], {
      env: { PATH: process.env.PATH, GIT_PROJECT_ROOT: root, GIT_HTTP_EXPORT_ALL: '1', REMOTE_USER: 'peer', PATH_INFO: url.pathname, QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: q.method, CONTENT_TYPE: q.headers['content-type'] ?? '', CONTENT_LENGTH: q.headers['content-length'] ?? '',
        HTTP_CONTENT_ENCODING: q.headers['content-encoding'] ?? '', GIT_PROTOCOL: q.headers['git-protocol'] ?? '' },
    })
    q.pipe(cgi.stdin)
    let head = Buffer.alloc(0)
    let started = false
    cgi.stdout.on('data', chunk => {
      if (started) return s.write(chunk)
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      started = true
      let status = 200
      for (const line of head.subarray(0, end).toString().split('\r\n')) {
        const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]
        if (name === 'Status') status = Number(value.slice(0, 3))
        else s.setHeader(name, value)
      }
      s.writeHead(status)
      s.write(head.subarray(end + 4))
    })
    cgi.stdout.on('end', () => s.end())
  })
  return new Promise(done => server.listen(0, '127.0.0.1', () => done(server)))
}

const SCHEMA = 'CREATE TABLE record(id TEXT PRIMARY KEY, coll TEXT, f TEXT) STRICT; PRAGMA journal_mode=WAL;'
const APPLY = file => `CREATE TEMP TABLE line(j TEXT);\n.mode list\n.separator "\\001" "\\n"\n.import '${file}' line
INSERT INTO record SELECT json_extract(j,'$.i'), json_extract(j,'$.t'), json_extract(j,'$.f') FROM line WHERE json_extract(j,'$.o')='add' ON CONFLICT DO NOTHING;
UPDATE record SET f=json_patch(record.f, u.f) FROM (SELECT json_extract(j,'$.r') AS r, json_extract(j,'$.f') AS f FROM line WHERE json_extract(j,'$.o')='set') u WHERE record.id=u.r;`

// 1,000 changes a commit, as the peer is usually run; returns {rate, wire, receive}
export async function git(lines, dir) {
  fs.rmSync(dir, { recursive: true, force: true })
  fs.mkdirSync(`${dir}/served`, { recursive: true })
  must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${dir}/key`])
  fs.writeFileSync(`${dir}/signers`, `peer@example ${fs.readFileSync(`${dir}/key.pub`)}`)
  must('git', ['init', '-q', '--bare', `${dir}/served/box.git`])
  must('git', ['-C', `${dir}/served/box.git`, 'config', 'http.receivepack', 'true'])
  must('git', ['init', '-q', '-b', 'main', `${dir}/box`])
  const config = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${dir}/key`, '-c', 'user.name=peer', '-c', 'user.email=peer@example', '-c', 'commit.gpgsign=true', '-c', `gpg.ssh.allowedSignersFile=${dir}/signers`, '-c', 'gc.auto=0']
  const server = await gitServer(`${dir}/served`)
  const wire = await counter(server.address().port)
  must('sqlite3', [`${dir}/box.db`, SCHEMA])
  must('sqlite3', [`${dir}/served.db`, SCHEMA])
  const start = process.hrtime.bigint()
  for (let at = 0, n = 0; at < lines.length; at += 1000, n++) {
    const name = `${String(n).padStart(6, '0')}.jsonl`
    fs.writeFileSync(path.join(dir, 'box', name), lines.slice(at, at + 1000).join('\n') + '\n')
    must('sqlite3', [`${dir}/box.db`], { input: APPLY(path.join(dir, 'box', name)) })
    must('git', ['-C', `${dir}/box`, ...config, 'add', name])
    must('git', ['-C', `${dir}/box`, ...config, 'commit', '-q', '-m', `seg ${n}`])
  }
  await run('git', ['-C', `${dir}/box`, ...config, 'push', '-q', `http://127.0.0.1:${wire.port}/box.git`, 'main'])
  const arrived = process.hrtime.bigint()
  const served = `${dir}/served/box.git`
  for (const commit of must('git', ['-C', served, 'rev-list', '--reverse', 'main']).trim().split('\n')) {
    must('git', ['-C', served, ...config, 'verify-commit', commit])
    const name = must('git', ['-C', served, 'diff-tree', '--root', '--no-commit-id', '--name-only', '-r', commit]).trim()
    fs.writeFileSync(`${dir}/in.jsonl`, must('git', ['-C', served, 'show', `${commit}:${name}`]))
    must('sqlite3', [`${dir}/served.db`], { input: APPLY(`${dir}/in.jsonl`) })
  }
  const result = { rate: lines.length / seconds(start), receive: lines.length / seconds(arrived), wire: wire.bytes() / lines.length }
  wire.close()
  server.close()
  return result
}

// fossil neither signs by default nor makes anything queryable: the best peer at all for bytes
export async function fossil(lines, dir) {
  fs.rmSync(dir, { recursive: true, force: true })
  fs.mkdirSync(`${dir}/box`, { recursive: true })
  const env = { ...process.env, HOME: dir, USER: 'peer', FOSSIL_HOME: dir }
  const here = { env, cwd: `${dir}/box` }
  must('fossil', ['init', '--admin-user', 'peer', `${dir}/box.fossil`], { env })
  must('fossil', ['user', 'password', 'peer', 'peer', '-R', `${dir}/box.fossil`], { env })
  must('fossil', ['open', '--force', `${dir}/box.fossil`], here)
  must('fossil', ['clone', '--admin-user', 'peer', `${dir}/box.fossil`, `${dir}/served.fossil`], { env })
  must('fossil', ['user', 'password', 'peer', 'peer', '-R', `${dir}/served.fossil`], { env })
  const port = 20000 + (process.pid % 20000)
  const server = spawn('fossil', ['server', '--localhost', '--port', String(port), `${dir}/served.fossil`], { env, stdio: 'ignore' })
  await waitPort(port)
  const wire = await counter(port)
  const start = process.hrtime.bigint()
  for (let at = 0, n = 0; at < lines.length; at += 1000, n++) {
    const name = `${String(n).padStart(6, '0')}.jsonl`
    fs.writeFileSync(`${dir}/box/${name}`, lines.slice(at, at + 1000).join('\n') + '\n')
    must('fossil', ['add', '-f', name], here)
    must('fossil', ['commit', '-m', `seg ${n}`, '--no-warnings', '--nosign', '--no-prompt'], here)
  }
  await run('fossil', ['push', '--once', `http://peer:peer@127.0.0.1:${wire.port}/`], here)
  const result = { rate: lines.length / seconds(start), wire: wire.bytes() / lines.length }
  wire.close()
  server.kill()
  return result
}

// asynchronous, since the counting forwarder lives in this process
function run(cmd, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(cmd, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options })
    let text = ''
    child.stderr.on('data', d => { text += d })
    child.on('exit', code => (code === 0 ? done() : fail(new Error(`${cmd}: ${text}`))))
  })
}
