// Letters and events, played over the real interface by residents, staff, property, supervisor and district; what the statistics say
// of them is recomputed here from the records.
import fs from 'node:fs'
import path from 'node:path'
import { dir, end, ok, run, startNode } from './lib-browser.mjs'
import { canon, newId } from './lib-records.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 160
const often = at => fs.writeFileSync(`${at}/config`, fs.readFileSync(`${at}/config`, 'utf8').replace(/^stats_every_s = .*/m, 'stats_every_s = 5'))
const again = (url, what, left = 4) => fetch(url, what).catch(e => { if (left === 0) throw e; return again(url, what, left - 1) }) // an idle connection may have been closed
class Person {
  constructor(node, who) { Object.assign(this, { node, who, cookie: '' }) }
  async in() {
    const r = await again(`${this.node.base}/api/v1/session`, { method: 'POST', headers: { Origin: this.node.base, 'Content-Type': 'application/json' }, body: JSON.stringify({ login: this.who, password: `linli-${this.who}` }) })
    this.cookie = r.headers.get('set-cookie').split(';')[0]
    this.account = (await r.json()).account.id
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
    if (r.status > 201) throw new Error(`${this.who} ${where} ${JSON.stringify(body)}: ${r.status} ${JSON.stringify(r.body).slice(0, 300)}`)
    return r.body
  }
  step(id, action, more = {}) { return this.post(`/ticket/${id}/steps`, { action, ...more }) }
  async status(id, action, more = {}) { return (await this.call('POST', `/ticket/${id}/steps`, { action, ...more })).status }
  async photo(name) {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
    const r = await again(`${this.node.base}/api/v1/files?name=${name}`, { method: 'POST', headers: { Origin: this.node.base, 'Content-Type': 'image/png', cookie: this.cookie }, body: Buffer.concat([png, Buffer.from(name)]) })
    return { sha: (await r.json()).sha }
  }
}
const come = async (what, seconds = 25) => {
  for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
    if (await what()) return true
    await new Promise(done => setTimeout(done, 300))
  }
  return false
}

try {
  const province = await startNode('浙江省', port, '330000000000', 'province', ['province'])
  const district = await startNode('西湖区', port + 3, '330106000000', 'district', ['clerk'], province)
  const box = await startNode('翠苑一区社区', port + 6, '330106005055', 'community', ['committee', 'resident'], district, { prepare: often })
  for (const n of ['aunt', 'uncle']) run(['user', 'add', '--dir', box.dir, '--login', n, '--role', 'resident'], `linli-${n}\n`)
  const [committee, resident, aunt, uncle] = await Promise.all(['committee', 'resident', 'aunt', 'uncle'].map(w => new Person(box, w).in()))
  const clerk = await new Person(district, 'clerk').in()
  const office = (await committee.get(`/membership?account=${committee.account}`)).items[0].f.home
  const firm = (await committee.post('/home', { kind: 'property', name: '翠苑物业' })).id
  const desk = (await committee.post('/home', { kind: 'worker', name: '社工站' })).id
  const joins = async (who, home) => {
    run(['user', 'add', '--dir', box.dir, '--login', who, '--role', who, '--home', home], `linli-${who}\n`)
    return new Person(box, who).in()
  }
  const [worker, property, supervisor] = [await joins('worker', desk), await joins('property', firm), await joins('supervisor', desk)]
  const lamp = (await committee.post('/category', { code: 'lamp', name: '路灯', handler: firm, tier: 'community', accept_hours: 4, done_hours: 24, public: true })).id
  const plain = (await committee.post('/category', { code: 'letter', name: '来信', handler: office, tier: 'community', accept_hours: 8, done_hours: 72 })).id
  const building = (await worker.post('/building', { code: 'B3', name: '三幢', address: { road: '文一路', number: '1' } })).id
  const file = (who, kind, more = {}) => who.post('/ticket', { kind, category: kind === 'event' ? lamp : plain, title: `${kind} 标题`, body: `${kind} 正文`, ...more })
  const day = ms => new Date(ms + 8 * 36e5).toISOString().slice(0, 10)
  const endOfDay = ms => (ms + 8 * 36e5 + 1) % 864e5 === 0

  // --- terms by kind, from filing
  const event = await file(resident, 'event', { place: building, geo: { lat: '30.279000', lng: '120.125000' }, files: [await resident.photo('lamp.png')] })
  ok('a number that people can say', /^T330106005055-\d{6}-A\d+$/.test(event.f.no), event.f.no)
  ok('an event is to be accepted within the hours of its category', Math.abs(event.f.due - event.created_at - 4 * 36e5) < 5000)
  ok('and goes to the home of its category', event.f.handler === firm)
  const accepted = await worker.step(event.id, 'accept')
  ok('accepted, its hours run from filing', Math.abs(accepted.f.due - event.created_at - 24 * 36e5) < 5000 && accepted.f.accepted_on_time === true)
  const inquiry = await file(resident, 'inquiry')
  const advice = await file(resident, 'advice')
  const petition = await file(resident, 'petition', { contact: '14212345678' })
  const days = t => Math.round((t.f.due - t.created_at) / 864e5)
  ok('an inquiry has three working days, an advice ten, a petition fifteen days to be accepted', endOfDay(inquiry.f.due) && days(inquiry) >= 3 && days(inquiry) <= 12 &&
    days(advice) >= 11 && days(advice) <= 24 && days(petition) === 15 || days(petition) === 16, [days(inquiry), days(advice), days(petition)].join())
  const taken = await committee.step(petition.id, 'accept')
  ok('and sixty to be concluded', day(taken.f.due) === day(petition.created_at + 60 * 864e5), day(taken.f.due))
  await committee.step(petition.id, 'handle')
  const longer = await committee.step(petition.id, 'extend', { note: '需要核实' })
  ok('with one extension of thirty', day(longer.f.due) === day(petition.created_at + 90 * 864e5) && (await committee.status(petition.id, 'extend', { note: '再延' })) === 409)
  ok('which is then no longer offered', !(await committee.get(`/ticket/${petition.id}`)).actions.includes('extend'))

  // --- audience N
  const view = async who => (await who.call('GET', `/ticket/${petition.id}`))
  ok('a petition is read by who wrote it and who handles it', (await view(resident)).body.f.body === 'petition 正文' && (await view(committee)).body.f.body === 'petition 正文')
  ok('not by another resident, not by a social worker', (await view(aunt)).status === 404 && (await view(worker)).status === 404)
  const outline = (await view(supervisor)).body
  ok('the supervisor sees that it is there and how it stands', outline.outline === true && outline.f.kind === 'petition' && outline.f.due > 0 && !('body' in outline.f) && !('title' in outline.f) && !('author' in outline.f))
  ok('and not what happened', (await supervisor.call('GET', `/ticket/${petition.id}/history`)).status === 403)
  const found = async who => (await who.get('/ticket?q=petition&count=1')).total
  ok('a search finds nothing of it', await come(async () => await found(committee) === 1) && await found(worker) === 0 && await found(supervisor) === 0, [await found(committee), await found(worker), await found(supervisor)].join())
  ok('the contact is masked for everybody', (await view(committee)).body.f.contact === '142****5678')
  const unmask = (who, id) => who.call('POST', `/ticket/${id}/unmask`, { fields: ['contact'], purpose: 'ticket' })
  ok('the handler reads it with a purpose', (await unmask(committee, petition.id)).body.fields.contact === '14212345678')
  const audits = await supervisor.get(`/audit?object=${petition.id}`)
  ok('on record', audits.items.some(i => i.f.action === 'unmask' && i.f.actor === committee.account))
  const touched = await file(resident, 'event', { contact: '14287654321' })
  ok('others who read the ticket do not', (await unmask(worker, touched.id)).status === 403 && (await unmask(property, touched.id)).status === 200)

  // --- join instead of filing again
  const near = await aunt.get('/similar/ticket?lat=30.279300&lng=120.125000')
  ok('what is open within 50 m is offered, with its photo', near.items.length === 1 && near.items[0].id === event.id && near.items[0].metres === 33 && near.items[0].photos.length === 1, JSON.stringify(near))
  ok('farther away is not', (await aunt.get('/similar/ticket?lat=30.279600&lng=120.125000')).items.length === 0)
  ok('the same building is', (await aunt.get(`/similar/ticket?place=${building}`)).items.some(i => i.id === event.id))
  const shot = await again(`${box.base}/api/v1/similar/ticket/${event.id}/${near.items[0].photos[0]}`, { headers: { cookie: aunt.cookie } })
  ok('the photo is shown', shot.status === 200 && shot.headers.get('content-type') === 'image/png')
  ok('before joining the ticket itself is not', (await aunt.call('GET', `/ticket/${event.id}`)).status === 404)
  await aunt.post(`/similar/ticket/${event.id}`, {})
  ok('whoever joins follows it', (await aunt.call('GET', `/ticket/${event.id}`)).status === 200 && (await aunt.get('/ticket')).items.some(i => i.id === event.id) && (await worker.get(`/ticket/${event.id}`)).joined === 1)
  ok('a petition is never offered', (await aunt.call('POST', `/similar/ticket/${petition.id}`, {})).status === 404)

  // --- what a first screen lists of a ticket's life, and that its counts are what the list behind it shows
  const onScreen = async (who, role, zh) => (await who.get(`/screen?role=${role}`)).blocks.find(b => b.title?.zh === zh)
  const listed = async (who, role, zh, id) => Boolean((await onScreen(who, role, zh))?.items.some(i => i.id === id))
  const countsHold = async (who, role) => {
    const wrong = []
    for (const b of (await who.get(`/screen?role=${role}`)).blocks) {
      const parts = b.kind === 'list' && b.query !== undefined ? [{ n: b.total, query: b.query, collection: b.collection, what: b.title?.zh }]
        : (b.figures ?? []).map(f => ({ n: f.n, query: f.query, collection: f.collection, what: f.label.zh }))
      for (const p of parts) {
        const list = await who.get(`/${p.collection}?${p.query ? p.query + '&' : ''}count=1&limit=200`)
        if (list.total !== p.n || list.items.length !== p.n) wrong.push(`${role} ${p.what}: ${p.n}, list ${list.total}, shown ${list.items?.length} of /${p.collection}?${p.query} ${list.detail ?? ""}`)
      }
    }
    return wrong
  }

  // --- what the engine refuses it says in a sentence, with names, in both languages
  const told = async (who, id, action, zh, en, more = {}) => {
    const r = await who.call('POST', `/ticket/${id}/steps`, { action, ...more })
    ok(`refused in words: ${zh}`, r.status >= 400 && r.body.zh.includes(zh) && r.body.en.includes(en), JSON.stringify(r.body))
  }

  // --- returns, binding assignment
  await committee.step(event.id, 'assign', { to_home: firm })
  ok('the property returns it, once', (await property.step(event.id, 'return', { note: '不归我们' })).state === 'returned')
  await committee.step(event.id, 'assign', { to_home: firm })
  ok('assigned again it stands on the screens of property and worker', await listed(property, 'property', '派给我们的', event.id) && await listed(worker, 'worker', '今天要办', event.id))
  ok('a second return waits for a binding assignment', (await property.step(event.id, 'return', { note: '确实不归我们' })).state === 'returned_twice')
  ok('and stands on those of committee and worker', await listed(committee, 'committee', '等我处理', event.id) && await listed(worker, 'worker', '退回的', event.id))
  ok('which a social worker cannot make', (await worker.status(event.id, 'bind', { to_home: firm, note: 'x' })) === 403 && (await worker.status(event.id, 'assign', { to_home: firm })) === 409)
  await committee.step(event.id, 'bind', { to_home: firm, note: '按合同第三条' })
  ok('bound, it stands on the screen of the property', await listed(property, 'property', '派给我们的', event.id))
  ok('and which is not returned', (await property.status(event.id, 'return', { note: '不' })) === 409)
  await property.step(event.id, 'handle')
  await property.step(event.id, 'reply', { note: '已修复', set: { result_files: [await property.photo('done.png')] } })

  // --- reopened twice, then the supervisor
  const badly = { add: { solved: false, score: 2, text: '又灭了' } }
  await resident.step(event.id, 'rate', badly)
  ok('the answer of who reported stands on the ticket', (await worker.get(`/ticket/${event.id}`)).f.solved === false && (await supervisor.get('/ticket?solved=false')).items.some(i => i.id === event.id))
  await told(resident, event.id, 'appeal', '「申请监督」要在「重开」办过 2 次之后才能办，现在是 0 次', '“Ask the supervisor” is possible after “Reopen” was taken 2 times', { note: 'x' })
  ok('the supervisor is not asked before it was reopened twice', (await resident.status(event.id, 'appeal', { note: 'x' })) === 409)
  for (let i = 0; i < 2; i++) {
    await resident.step(event.id, 'reopen', { note: '没修好' })
    await property.step(event.id, 'reply', { note: '再修' })
  }
  ok('it is reopened twice at most', (await resident.status(event.id, 'reopen', { note: 'x' })) === 409)
  ok('then who reported asks the supervisor', (await resident.step(event.id, 'appeal', { note: '两次都没修好' })).state === 'appealed')
  ok('it waits on the screen of the supervisor', await listed(supervisor, 'supervisor', '等我督办', event.id))
  ok('who orders it done anew', (await supervisor.step(event.id, 'supervise', { note: '限两日' })).state === 'accepted' && (await worker.get(`/ticket/${event.id}`)).f.reopened === 3)

  // --- solved on the spot, with photos before and after
  const spot = await file(worker, 'event')
  await told(worker, spot.id, 'self_solve', '办理「自办自结」之前要有「照片附件」', '“Solved on the spot” needs “Photos and files”', { note: '清掉' })
  await told(worker, spot.id, 'self_solve', '办理「自办自结」要写明原因', 'needs a note')
  await told(worker, spot.id, 'bind', '现在的状态是「已提交」，不能办「裁定派单」。现在可以办：受理、不予受理、自办自结', 'the state is “Filed” now, from which “Bind” is not possible; possible now: Accept, Refuse', { note: 'x' })
  await told(supervisor, spot.id, 'accept', '不能办「受理」：请由承办方、责任社工、居委会、部门经办办理', 'your role may not take the step “Accept”: that is done by the home that handles it, Social worker')
  await told(worker, spot.id, 'refuse', '办理「不予受理」时不能填写「照片附件」', 'does not set “Photos and files”', { note: 'x', set: { files: [] } })
  await told(committee, petition.id, 'extend', '「延期」最多办 1 次', '“Extend” can be taken 1 times', { note: '再延' })
  ok('solved on the spot needs both photos', (await worker.status(spot.id, 'self_solve', { note: '清掉', set: { result_files: [await worker.photo('after.png')] } })) === 422)
  const solved = await worker.step(spot.id, 'self_solve', { note: '清掉', set: { files: [await worker.photo('before.png')], result_files: [await worker.photo('after2.png')] } })
  ok('and closes it', solved.state === 'closed' && solved.f.done_on_time === true)

  // --- merged
  const double = await file(uncle, 'event')
  await worker.step(double.id, 'merge', { set: { merged_into: event.id } })
  ok('who wrote a merged one follows the other', (await uncle.call('GET', `/ticket/${event.id}`)).status === 200)

  // --- a guest's emergency
  const guest = body => again(`${box.base}/api/v1/ticket`, { method: 'POST', headers: { Origin: box.base, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  const alarm = await guest({ kind: 'event', priority: 'emergency', category: lamp, title: '井盖丢失', body: '有人摔倒' })
  const made = await alarm.json()
  ok('a guest reports an emergency', alarm.status === 201 && /^T/.test(made.no), JSON.stringify(made))
  ok('and nothing else', (await guest({ kind: 'event', category: lamp, title: 'x', body: 'x' })).status >= 401 && (await guest({ kind: 'petition', priority: 'emergency', category: lamp, title: 'x', body: 'x' })).status >= 401)
  ok('it is the first thing staff see', (await worker.get(`/ticket/${made.id}`)).f.priority === 'emergency')
  let many
  for (let i = 0; i < 8; i++) many = await guest({ kind: 'event', priority: 'emergency', category: lamp, title: `第${i}`, body: 'x' })
  ok('not without end', many.status === 429)

  // --- through the counter, by telephone
  const phoned = await worker.post('/ticket', { kind: 'event', category: lamp, title: '电话报修', body: 'x', channel: 'phone' })
  ok('how it came in is kept', phoned.f.channel === 'phone' && event.f.channel === 'web')

  // --- up, with the steps so far
  const up = await file(resident, 'event', { title: '河道污染' })
  await worker.step(up.id, 'accept')
  const sent = await worker.step(up.id, 'escalate', { note: '需要区里协调' })
  ok('an escalation names the tier above', sent.f.tier === 'district')
  const complaint = await file(resident, 'complaint', { title: '投诉噪音' })
  await committee.step(complaint.id, 'escalate', { note: '请区里查' })
  ok('it arrives with what was done before', await come(async () => { run(['sync', '--dir', box.dir]); return (await clerk.call('GET', `/ticket/${up.id}`)).body.f?.trail?.includes('受理') }), JSON.stringify((await clerk.call('GET', `/ticket/${up.id}`)).body).slice(0, 300))
  const theirs = (await clerk.call('GET', `/ticket/${complaint.id}`)).body
  ok('a complaint goes to the one node above alone', theirs.f?.body === 'complaint 正文' && /^330106005055\/@330106000000-/.test(theirs.audience), JSON.stringify(theirs).slice(0, 200))
  ok('nobody else at the district reads it', (await new Person(province, 'province').in()) && (await (await new Person(province, 'province').in()).call('GET', `/ticket/${complaint.id}`)).status === 404)
  await clerk.step(up.id, 'reply', { note: '已责成整改' })
  ok('the answer comes down', await come(async () => { run(['sync', '--dir', box.dir]); return (await worker.get(`/ticket/${up.id}`)).state === 'replied' }))

  // --- public answer
  await committee.step(up.id, 'publish', { add: { title: '河道污染处理', question: '欧阳小敏（14212345678）反映河道', body: '已整改' } })
  const answer = (await aunt.get(`/answer?ticket=${up.id}`)).items[0]
  ok('a public answer is for everybody, without personal parts', answer.f.question.includes('〔略〕') && !answer.f.question.includes('14212345678') && (await again(`${box.base}/api/v1/answer/${answer.id}`)).status === 200)
  ok('and stands beside its ticket', (await worker.get(`/ticket/${up.id}`)).f.answer === answer.id)
  ok('overdue is empty while all is in time', (await supervisor.get('/ticket?overdue=1')).items.length === 0)

  // --- nobody counts what he may not see
  const uneven = [...await countsHold(worker, 'worker'), ...await countsHold(committee, 'committee'), ...await countsHold(supervisor, 'supervisor'), ...await countsHold(property, 'property'), ...await countsHold(clerk, 'clerk')]
  ok('each count of a first screen is what its list shows', uneven.length === 0, uneven.join(' | '))
  const old = { i: newId(16 * 864e5), t: 'ticket@1' }
  const step = (before, action, to) => ({ ...(before === old.i ? {} : { b: [before] }), f: { action, to }, i: newId(16 * 864e5), o: 'step', r: old.i, t: 'ticket@1' })
  const took = step(old.i, 'accept', 'accepted')
  fs.writeFileSync(path.join(dir, 'old.jsonl'), [{ ...old, o: 'add', f: { kind: 'event', category: lamp, title: '旧事', body: '已答复', done_at: Date.now() - 15.5 * 864e5, due: Date.now() - 15 * 864e5 } }, took, step(took.i, 'reply', 'replied')].map(canon).join('\n') + '\n')
  run(['load', '--dir', box.dir, '--collection', 'ticket', path.join(dir, 'old.jsonl')])
  ok('what was answered fifteen days ago and not disputed closes by itself', await come(async () => (await worker.get(`/ticket/${old.i}`)).state === 'closed'))
  ok('what was answered today stays open', (await worker.get(`/ticket/${up.id}`)).state === 'replied')

  // --- statistics, recomputed
  const all = []
  for (let cursor = ''; cursor !== null;) {
    const page = await committee.get(`/ticket?limit=50${cursor ? '&cursor=' + cursor : ''}`)
    all.push(...page.items)
    cursor = page.next
  }
  const tally = (rows, key) => { const m = new Map(); for (const r of rows) { const k = JSON.stringify(key(r)); m.set(k, (m.get(k) || 0) + 1) } return [...m].map(([k, n]) => [...JSON.parse(k), n]) }
  const sorted = cells => JSON.stringify(cells.map(c => JSON.stringify(c)).sort())
  const stat = async (who, code) => (await who.get('/stats')).items.find(s => s.code === code)
  const same = async (code, want) => { const s = await stat(committee, code); ok(`${code} is what the records say`, sorted(s.cells) === sorted(want), `${sorted(s.cells)} ${sorted(want)}`); return s }
  const month = ms => new Date(ms + 8 * 36e5).toISOString().slice(0, 7)
  await same('tickets_by_channel', tally(all, r => [r.f.channel ?? '', r.f.kind]))
  await same('tickets_by_month', tally(all, r => [month(r.created_at), r.f.kind]))
  const done = all.filter(r => typeof r.f.done_on_time === 'boolean')
  const share = await same('tickets_done_on_time', tally(done, r => [r.f.kind, r.f.done_on_time]))
  const events = done.filter(r => r.f.kind === 'event')
  ok('its share, too', share.shares.find(s => s[0] === 'event')[1] === Math.round(events.filter(r => r.f.done_on_time).length * 1000 / events.length), JSON.stringify(share.shares))
  const bounds = [1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 240, 360, 720, 1440, 2160]
  const hours = await same('ticket_hours', tally(done, r => [r.f.kind, bounds.find(b => (r.f.done_at - r.created_at) / 36e5 < b) ?? 0]))
  ok('its median, too', hours.medians.find(m => m[0] === 'event')[1] === 5, JSON.stringify(hours.medians))
  const reopened = all.filter(r => !['filed', 'refused', 'merged', 'withdrawn', 'returned', 'returned_twice'].includes(r.state))
  await same('tickets_reopened', tally(reopened, r => [r.f.kind, (r.f.reopened ?? 0) > 0]))
  await same('tickets_solved', tally(all.filter(r => typeof r.f.solved === 'boolean'), r => [r.f.kind, r.f.solved]))
  const channel = tally(all, r => [r.f.channel ?? '', r.f.kind])
  ok('the district has the same', await come(async () => { run(['sync', '--dir', box.dir]); return sorted((await stat(clerk, 'tickets_by_channel'))?.cells ?? []) === sorted(channel) }), JSON.stringify((await stat(clerk, 'tickets_by_channel'))?.cells))
  // MODULES R9: cells under 5, and the next smallest of their row, are taken out for the province.
  const hide = cells => {
    const out = cells.map(c => [...c])
    const row = c => JSON.stringify(c.slice(0, -2))
    for (const c of out) if (c.at(-1) < 5) c[c.length - 1] = null
    for (const c of cells.filter(x => x.at(-1) < 5)) {
      const mates = out.filter(o => row(o) === row(c))
      const left = mates.filter(o => o.at(-1) !== null).sort((x, y) => x.at(-1) - y.at(-1))
      if (mates.length - left.length < 2 && left.length > 0) left[0][left[0].length - 1] = null
    }
    return out
  }
  const governor = await new Person(province, 'province').in()
  ok('the province has it without small cells', await come(async () => { run(['sync', '--dir', box.dir]); run(['sync', '--dir', district.dir]); return sorted((await stat(governor, 'tickets_by_channel'))?.cells ?? []) === sorted(hide(channel)) }),
    `${JSON.stringify((await stat(governor, 'tickets_by_channel'))?.cells)} ${JSON.stringify(hide(channel))}`)
} catch (e) {
  ok('letters', false, e.stack.slice(0, 700))
}
await end()
