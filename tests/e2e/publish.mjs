// Publishing across three real nodes, and the forum of one.
import fs from 'node:fs'
import { dir, end, ok, run, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 140
const soon = d => new Date(Date.now() + 8 * 36e5 + d * 864e5).toISOString().slice(0, 10)
// Statistics go up every few seconds here, not every six hours.
const often = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^stats_every_s = .*/m, 'stats_every_s = 5'))
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed

class Person {
  constructor(node, who, password) { Object.assign(this, { node, who, password: password ?? `linli-${who}`, cookie: '' }) }
  async in() {
    const r = await again(`${this.node.base}/api/v1/session`, { method: 'POST', headers: { Origin: this.node.base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: this.who, password: this.password }) })
    this.cookie = r.headers.get('set-cookie').split(';')[0]
    return this
  }
  async call(method, where, body) {
    const r = await again(`${this.node.base}/api/v1${where}`, { method, body: body && JSON.stringify(body), headers: { Origin: this.node.base, 'Content-Type': 'application/json', cookie: this.cookie } })
    const text = await r.text()
    return { status: r.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  async get(where) { return (await this.call('GET', where)).body }
  async post(where, body) {
    const r = await this.call('POST', where, body)
    if (r.status > 201) throw new Error(`${this.who} ${where} ${JSON.stringify(body)}: ${JSON.stringify(r.body)}`)
    return r.body
  }
  step(coll, id, action, more = {}) { return this.post(`/${coll}/${id}/steps`, { action, ...more }) }
  async refused(where, body) { return (await this.call('POST', where, body)).status }
}
const come = async (what, seconds = 25) => {
  for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
    if (await what()) return true
    await new Promise(done => setTimeout(done, 300))
  }
  return false
}
const sync = node => run(['sync', '--dir', node.dir])
const extra = (node, login) => run(['user', 'add', '--dir', node.dir, '--login', login, '--role', 'resident'], `linli-${login}\n`)

try {
  const district = await startNode('西湖区', port, '330106000000', 'district', ['clerk', 'supervisor'])
  const one = await startNode('翠苑一区社区', port + 3, '330106005055', 'community', ['committee', 'party', 'worker', 'resident', 'supervisor'], district, { prepare: often })
  const two = await startNode('翠苑二区社区', port + 6, '330106005056', 'community', ['committee', 'resident'], district, { prepare: often })
  for (const n of ['aunt', 'uncle']) extra(one, n)
  const clerk = await new Person(district, 'clerk').in()
  run(['user', 'add', '--dir', district.dir, '--login', 'chief', '--role', 'clerk'], 'linli-chief\n')
  const chief = await new Person(district, 'chief').in()

  // --- a district notice reaches communities, each shows it on the first screen with its own reading count, and the count returns
  const notice = await clerk.post('/notice', { title: '防汛通知', body: '今晚有暴雨', kind: 'safety', expire: soon(3) })
  ok('its level follows from the node', (await clerk.get(`/notice/${notice.id}`)).f.level === 'district')
  await clerk.step('notice', notice.id, 'submit')
  ok('its author does not review it', (await clerk.refused(`/notice/${notice.id}/steps`, { action: 'approve' })) === 403)
  for (const a of ['approve', 'publish']) await chief.step('notice', notice.id, a)
  const far = await clerk.post('/notice', { title: '只给二区', body: '请查收', kind: 'service', expire: soon(3), targets: ['330106005056'] })
  ok('regions of another district are refused', (await clerk.refused('/notice', { title: 'x', body: 'x', kind: 'service', expire: soon(3), targets: ['330108001001'] })) === 422)
  await clerk.step('notice', far.id, 'submit')
  for (const a of ['approve', 'publish']) await chief.step('notice', far.id, a)
  const first = async p => (await p.get('/screen?role=resident')).blocks.flatMap(b => b.items || [])
  const onFirst = async (p, id) => (await first(p)).find(i => i.id === id)
  const [a, aunt, uncle, b] = [await new Person(one, 'resident').in(), await new Person(one, 'aunt').in(), await new Person(one, 'uncle').in(), await new Person(two, 'resident').in()]
  for (const n of [one, two]) sync(n)
  ok('a district notice reaches both communities, on the first screen', await come(async () => { sync(one); sync(two); return await onFirst(a, notice.id) && await onFirst(b, notice.id) }))
  ok('one for another community is not shown here', !(await onFirst(a, far.id)) && !!(await onFirst(b, far.id)))
  for (const p of [a, aunt, uncle, a, b]) await p.get(`/notice/${notice.id}`)
  ok('each shows its own reading count there: a reader counts once', (await onFirst(a, notice.id)).readers === 3 && (await onFirst(b, notice.id)).readers === 1,
    JSON.stringify(await onFirst(a, notice.id)))
  ok('said in words', (await onFirst(a, notice.id)).sub.includes('3 人已读'))
  const back = async () => (await clerk.get(`/notice/${notice.id}`)).reading
  ok('and the counts return', await come(async () => { sync(one); sync(two); const r = await back(); return r.total === 4 && r.below.length === 2 }), JSON.stringify(await back()))
  const by = Object.fromEntries((await back()).below.map(x => [x.region, x.readers]))
  ok('community by community', by['330106005055'] === 3 && by['330106005056'] === 1, JSON.stringify(by))
  const stat = (await clerk.get('/stats')).items.find(s => s.code === 'notice_readers')
  ok('as a statistic with the title of the notice', stat.cells.some(c => c[0] === '防汛通知' && c[1] === 4), JSON.stringify(stat.cells))

  // --- review, terms, expiry
  const mine = await a.post('/notice', { title: '寻猫', body: '白色', kind: 'lost', expire: soon(1) })
  const sent = await a.step('notice', mine.id, 'submit')
  const wait = Math.round((sent.f.due - Date.now()) / 864e5)
  ok('two working days to review it', wait >= 2 && wait <= 12 && new Date(sent.f.due + 8 * 36e5 + 1).toISOString().includes('T00:00:00'), String(wait))
  const committee = await new Person(one, 'committee').in()
  const supervisor = await new Person(one, 'supervisor').in()
  ok('what is in time is not overdue', (await supervisor.get('/notice?overdue=1')).items.length === 0)
  await committee.step('notice', mine.id, 'approve')
  const reviewed = await committee.step('notice', mine.id, 'publish')
  ok('the review is stamped', reviewed.f.reviewed_on_time === true && reviewed.f.reviewed_at > 0)
  const old = await a.post('/notice', { title: '昨天的', body: 'x', kind: 'other', expire: soon(-2) })
  await a.step('notice', old.id, 'submit')
  for (const s of ['approve', 'publish']) await committee.step('notice', old.id, s)
  ok('a notice past its day expires by itself', await come(async () => (await committee.get(`/notice/${old.id}`)).state === 'expired'))
  const timed = await committee.post('/news', { title: '定时', body: 'x', section: 'community', publish_at: Date.now() + 1500 })
  ok('news with a time waits for it', (await committee.step('news', timed.id, 'schedule', { set: { publish_at: Date.now() + 1500 } })).state === 'scheduled')
  ok('and appears by itself', await come(async () => (await committee.get(`/news/${timed.id}`)).state === 'published'))
  await committee.call('PATCH', `/news/${timed.id}`, { pinned: true })
  const later = await committee.post('/news', { title: '后来的', body: 'x', section: 'community' })
  await committee.step('news', later.id, 'publish')
  ok('what is pinned stands first', (await a.get('/news')).items[0].id === timed.id)

  // --- forum
  const topic = await a.post('/topic', { board: 'property', title: '停车太乱', body: '晚上没地方停' })
  ok('only staff answer officially', (await aunt.refused('/post', { topic: topic.id, body: 'x', official: true })) === 403)
  const rude = await aunt.post('/post', { topic: topic.id, body: '都是些没素质的人' })
  const worker = await new Person(one, 'worker').in()
  ok('an official post answers a topic', (await worker.step('topic', topic.id, 'answer', { add: { body: '下周划线' } })).state === 'answered' &&
    (await a.get(`/post?topic=${topic.id}`)).items.some(p => p.f.official && p.f.body === '下周划线'))
  ok('only what is in the forum is flagged', (await a.refused('/flag', { target: notice.id, reason: 'insult' })) === 422)
  const flag = await a.post('/flag', { target: rude.id, reason: 'insult' })
  ok('hiding names the rule', (await committee.refused(`/flag/${flag.id}/steps`, { action: 'hide', note: '人身攻击' })) === 422)
  await committee.step('flag', flag.id, 'hide', { note: '人身攻击', set: { rule: 'insult' } })
  ok('a hidden post is gone for others', (await uncle.call('GET', `/post/${rude.id}`)).status === 404 && !(await uncle.get(`/post?topic=${topic.id}`)).items.some(p => p.id === rude.id))
  const told = await aunt.get(`/flag/${flag.id}`)
  const why = (await aunt.get(`/flag/${flag.id}/history`)).items.filter(i => i.op === 'step')
  ok('its author reads the rule and the reason', told.f.rule === 'insult' && told.f.result === 'hidden' && why.some(i => i.fields.note === '人身攻击') &&
    (await aunt.get(`/post/${rude.id}/history`)).items.some(i => i.fields.note === '人身攻击'))
  ok('who flagged is not told to its author', told.f.author === undefined)
  ok('only its author appeals', (await uncle.refused(`/flag/${flag.id}/steps`, { action: 'appeal', note: 'x' })) === 404 && (await a.refused(`/flag/${flag.id}/steps`, { action: 'appeal', note: 'x' })) === 403)
  await aunt.step('flag', flag.id, 'appeal', { note: '我道歉' })
  const party = await new Person(one, 'party').in()
  await party.step('flag', flag.id, 'restore', { note: '已道歉' })
  ok('an appeal is heard once, by another, and shows the post again', (await uncle.call('GET', `/post/${rude.id}`)).status === 200 &&
    (await aunt.refused(`/flag/${flag.id}/steps`, { action: 'appeal', note: '再来' })) >= 400)
  ok('the committee alone does not open a topic', (await committee.refused(`/topic/${topic.id}/steps`, { action: 'accept' })) === 409)
  await committee.step('topic', topic.id, 'ask')
  ok('nor does another resident', (await aunt.refused(`/topic/${topic.id}/steps`, { action: 'agree' })) === 403)
  const opened = await a.step('topic', topic.id, 'agree')
  ok('committee and author open it together', opened.state === 'opened' && opened.audience === 'public')
  ok('and the district reads it, without a name', await come(async () => { sync(one); return (await clerk.call('GET', `/topic/${topic.id}`)).body.f?.body === '晚上没地方停' }) &&
    (await clerk.get(`/topic/${topic.id}`)).f.author === undefined)
  await committee.step('topic', topic.id, 'lock')
  const late = await aunt.call('POST', '/post', { topic: topic.id, body: '还有' })
  ok('and says so', late.body.zh.includes('「主题」现在是「已锁定」，不再接受登记') && late.body.en.includes('takes nothing more'), JSON.stringify(late.body))
  ok('a locked topic takes no more posts', (await aunt.refused('/post', { topic: topic.id, body: '还有' })) === 409)
  ok('and is archived', (await committee.step('topic', topic.id, 'archive')).state === 'archived')
} catch (e) {
  ok('publishing', false, e.stack.slice(0, 700))
}
await end()
