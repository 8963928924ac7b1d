// M9: an owners' vote with 300 web and 120 paper ballots gives turnout by people and by area and a tally sheet that two people sign.
import { api, client, end, login, look, must, ok, open, run, shows, spread, startNode } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650) + 120
const { base, dir: node } = await startNode('翠苑一区社区', port, '330106005055', 'community', ['worker', 'committee', 'owners', 'supervisor'])
const hour = 3600e3
const DWELLINGS = 450, WEB = 300, PAPER = 120, AGENTS = 10

try {
  const worker = await client(base, 'worker')
  const committee = await client(base, 'committee')
  const owners = await client(base, 'owners')
  const made = async (c, where, body) => {
    const r = await c('POST', where, body)
    if (r.status !== 201) throw new Error(`${where}: ${r.status} ${JSON.stringify(r.body)}`)
    return r.body
  }
  const steps = (c, coll, id, action, more = {}) => c('POST', `/${coll}/${id}/steps`, { action, ...more })

  // a house of 450 flats; 300 owners live in theirs and are in the registry
  const building = (await made(worker, '/building', { code: '7', name: '七幢', address: { road: '文一路', number: '7' } })).id
  const area = i => (60 + (i % 83) * 0.37).toFixed(2)
  const homes = await spread(Array.from({ length: DWELLINGS }), 6, (_, i) => made(worker, '/dwelling', { building, unit: String(1 + i % 4), room: String(101 + i), tenure: 'owner', use: 'home', area: area(i), owner: i < WEB ? `业主${i}` : `外地业主${i}` }))
  const people = await spread(Array.from({ length: WEB + 1 }), 6, (_, i) => made(worker, '/person', { name: `业主${i}`, id_type: '990', id_no: `O${i}`, kind: 'local', birth: '1970-01-01', _keep: { id_no: '样例' } }))
  await spread(homes.slice(0, WEB), 6, (h, i) => made(worker, '/residence', { person: people[i].id, dwelling: h.id, kind: 'actual', starts: '2020-01-01' }))
  // ten neighbours hold confirmed delegations to vote for thirty others each, and vote for them from their own phones
  const today = new Date(Date.now() + 8 * hour).toISOString().slice(0, 10)
  const agents = []
  for (let a = 0; a < AGENTS; a++) {
    run(['user', 'add', '--dir', node, '--login', `agent${a}`, '--role', 'resident', '--person', people[a * (WEB / AGENTS)].id], `linli-agent${a}\n`)
    agents.push(await client(base, `agent${a}`))
  }
  await spread(people.slice(0, WEB), 6, async (p, i) => {
    const agent = Math.floor(i / (WEB / AGENTS)) * (WEB / AGENTS)
    if (i === agent) return
    const d = await made(worker, '/delegation', { principal: p.id, agent: people[agent].id, relation: 'neighbour', scope: ['survey'], starts: today })
    const r = await steps(committee, 'delegation', d.id, 'confirm')
    if (r.status !== 200) throw new Error(JSON.stringify(r.body))
  })

  const home = (await committee('GET', '/membership?limit=1')).body.items[0].f.home
  const survey = await made(owners, '/survey', { title: '七幢加装电梯表决', kind: 'owners_vote', home, who: { building: '7' }, one_per: 'dwelling', secrecy: 'secret', paper: true, weighty: true, starts: Date.now() + hour, ends: Date.now() + 5 * hour })
  ok('an owners\' vote has the rule of the law', survey.f.rule.quorum === '2/3' && survey.f.rule.pass === '3/4', JSON.stringify(survey.f.rule))
  ok('without a question it is not approved', (await steps(owners, 'survey', survey.id, 'approve')).status === 409)
  await made(owners, '/question', { survey: survey.id, no: 1, kind: 'single', required: true, label: '是否同意加装电梯', options: [{ label: '同意' }, { label: '不同意' }, { label: '弃权' }] })
  await made(owners, '/question', { survey: survey.id, no: 2, kind: 'single', label: '愿意分摊的费用', options: [{ label: '两万元以内' }, { label: '五万元以内' }], show_if: { no: '1', is: '同意' } })
  ok('a number twice is refused', (await owners('POST', '/question', { survey: survey.id, no: 2, kind: 'text', label: 'x' })).status === 422)
  await steps(owners, 'survey', survey.id, 'approve')
  ok('approved, its questions stand', (await owners('POST', '/question', { survey: survey.id, no: 3, kind: 'text', label: 'x' })).status === 409)
  const opened = await steps(owners, 'survey', survey.id, 'open')
  ok('it opens', opened.status === 200 && opened.body.state === 'open', JSON.stringify(opened.body))
  const guest = await open(360, 640)
  await guest.goto(base)
  ok('anybody may read its questions, nobody outside the roll', (await api(guest, 'GET', `/question?survey=${survey.id}`)).body.items.length === 2 && (await api(guest, 'GET', `/roll?survey=${survey.id}`)).status !== 200)

  const rolls = []
  for (let cursor = ''; cursor !== null;) {
    const page = (await owners('GET', `/roll?survey=${survey.id}&limit=200${cursor && '&cursor=' + cursor}`)).body
    rolls.push(...page.items)
    cursor = page.next
  }
  const sum = list => list.reduce((n, r) => n + Math.round(Number(r.f.area) * 100), 0)
  const total = (Array.from({ length: DWELLINGS }, (_, i) => Math.round(Number(area(i)) * 100)).reduce((a, b) => a + b, 0) / 100).toFixed(2)
  ok('the roll has every flat with its area, and who lives there as owner', rolls.length === DWELLINGS && (sum(rolls) / 100).toFixed(2) === total && rolls.filter(r => r.f.holder).length === WEB, `${rolls.length} ${sum(rolls)} ${rolls.filter(r => r.f.holder).length}`)
  const rollOf = Object.fromEntries(rolls.map(r => [r.f.voter, r]))

  // 300 on the web: 230 agree, 50 do not, 20 abstain; ten of the latter had agreed first
  const choice = i => (i < 230 ? '同意' : i < 280 ? '不同意' : '弃权')
  const answer = what => (what === '同意' ? { 1: what, 2: '五万元以内' } : { 1: what })
  const ballot = (i, what) => agents[Math.floor(i / (WEB / AGENTS))]('POST', `/survey/${survey.id}/ballot`, { answers: answer(what), on_behalf_of: people[i].id })
  ok('an answer that is not asked for is refused', (await agents[9]('POST', `/survey/${survey.id}/ballot`, { answers: { 1: '弃权', 2: '两万元以内' } })).status === 422)
  ok('who is not on the roll cannot vote', (await worker('POST', `/survey/${survey.id}/ballot`, { answers: answer('同意') })).status === 403)
  ok('nor staff for others: it is secret', (await worker('POST', `/survey/${survey.id}/ballot`, { answers: answer('同意'), on_behalf_of: people[5].id })).status === 403)
  ok('nor an agent without a delegation', (await agents[0]('POST', `/survey/${survey.id}/ballot`, { answers: answer('同意'), on_behalf_of: people[299].id })).status === 403)
  const first = await spread(Array.from({ length: WEB - 1 }), 6, (_, i) => ballot(i + 1, i + 1 >= 290 ? '同意' : choice(i + 1)))
  await spread(Array.from({ length: 10 }), 4, (_, i) => ballot(290 + i, '弃权'))
  ok('300 votes on the web are taken', first.every(r => r.status === 200), JSON.stringify(first.find(r => r.status !== 200)))
  const phone = await open(360, 640)
  await login(phone, base, 'agent0')
  await phone.goto(`${base}/survey/${survey.id}`)
  await phone.click('a:has-text("去投票")')
  await phone.waitForSelector('legend:has-text("是否同意加装电梯")')
  await phone.click('button:has-text("提交选票")')
  ok('what must be answered is said', await shows(phone, '.error:has-text("必答")'), await phone.textContent('main'))
  await phone.click('label:has-text("同意")')
  await phone.click('label:has-text("五万元以内")')
  await look(phone, '360 ballot')
  await phone.click('button:has-text("提交选票")')
  ok('a phone votes', await shows(phone, '[role=status]:has-text("已投票")'))

  // 120 on paper: printed with one-time tokens, keyed with a witness: 100 agree, 20 do not
  const accounts = Object.fromEntries((await committee('GET', '/account?limit=50')).body.items.map(a => [a.f.login, a.id]))
  const screen = await open(1440, 900)
  await login(screen, base, 'owners')
  const away = homes.slice(WEB, WEB + PAPER).map(h => rollOf[h.id].id)
  const papers = (await owners('POST', `/survey/${survey.id}/papers`, { rolls: away })).body.papers.sort((a, b) => away.indexOf(a.roll) - away.indexOf(b.roll))
  ok('each paper has a token of its own', papers.length === PAPER && new Set(papers.map(p => p.token)).size === PAPER)
  const key = (p, what, witness = accounts.committee) => worker('POST', `/survey/${survey.id}/ballot`, { answers: answer(what), token: p.token, witness })
  ok('nobody is their own witness', (await key(papers[0], '同意', accounts.worker)).status === 422)
  ok('and a resident keys no papers', (await agents[1]('POST', `/survey/${survey.id}/ballot`, { answers: answer('同意'), token: papers[0].token, witness: accounts.worker })).status === 403)
  const keyed = await spread(papers, 6, (p, i) => key(p, i < 100 ? '同意' : '不同意'))
  ok('120 papers are keyed', keyed.every(r => r.status === 200), JSON.stringify(keyed.find(r => r.status !== 200)))
  ok('a paper counts once', (await key(papers[3], '不同意')).status === 422)
  const double = (await owners('POST', `/survey/${survey.id}/papers`, { rolls: [rollOf[homes[7].id].id] })).body.papers[0]
  ok('whoever voted on the web has no second vote on paper', (await key(double, '不同意')).status === 409)

  // while it runs
  const live = (await api(guest, 'GET', `/survey/${survey.id}/ballot`)).body.turnout
  const votedArea = ((sum(homes.slice(0, WEB + PAPER).map(h => rollOf[h.id]))) / 100).toFixed(2)
  ok('turnout by people and by area is public while it runs', live.heads === WEB + PAPER && live.heads_all === DWELLINGS && live.area === votedArea && live.area_all === total && live.quorum === true, JSON.stringify(live))
  await screen.goto(`${base}/survey/${survey.id}`)
  await screen.waitForSelector('text=已达到参与比例')
  await look(screen, '1440 survey')
  const sealed = async () => {
    const list = []
    for (let cursor = ''; cursor !== null;) {
      const page = (await owners('GET', `/response?survey=${survey.id}&limit=200${cursor && '&cursor=' + cursor}`)).body
      list.push(...page.items)
      cursor = page.next
    }
    return list
  }
  const before = await sealed()
  ok('ballots are sealed twenty at a time, not one by one', before.length % 20 === 0 && before.length >= 400, String(before.length))
  ok('and tell nothing of who cast them', before.every(r => !r.f.voter && !r.f.author && !r.created_by && !r.channel))
  const past = (await owners('GET', `/response/${before[0].id}/history`)).body.items
  ok('nor does their history', past.length === 1 && !past[0].user && !past[0].channel, JSON.stringify(past))

  // closing, the count of two, the sheet
  await steps(owners, 'survey', survey.id, 'close')
  ok('afterwards nobody votes', (await ballot(3, '不同意')).status === 409)
  const tokens = new Set((await sealed()).map(r => r.f.token))
  ok('at closing the rest is sealed: one ballot in force for each voter', tokens.size === WEB + PAPER, String(tokens.size))
  const firstCount = await steps(owners, 'survey', survey.id, 'count')
  ok('the first count', firstCount.status === 200, JSON.stringify(firstCount.body))
  ok('one person cannot sign twice', (await steps(owners, 'survey', survey.id, 'sign')).status === 403)
  ok('the second signs', (await steps(committee, 'survey', survey.id, 'sign')).status === 200)
  const result = (await committee('GET', `/result?survey=${survey.id}`)).body.items[0].f
  const agree = Array.from({ length: WEB }, (_, i) => i).filter(i => choice(i) === '同意').concat(Array.from({ length: 100 }, (_, i) => WEB + i))
  const agreeArea = (sum(agree.map(i => rollOf[homes[i].id])) / 100).toFixed(2)
  const votes = Object.fromEntries(result.counts['1'].map(c => [c.option, c]))
  ok('votes come to what was cast, by people and by area', votes['同意'].heads === 330 && votes['同意'].area === agreeArea && votes['不同意'].heads === 70 && votes['弃权'].heads === 20, JSON.stringify(result.counts))
  ok('turnout, too', result.turnout.heads === 420 && result.turnout.heads_all === 450 && result.turnout.area === votedArea && result.turnout.paper === 120 && result.turnout_pct === 93, JSON.stringify(result.turnout))
  ok('three quarters agree: passed', result.passed['1'] === true && Number(agreeArea) / Number(votedArea) >= 0.75)
  ok('two people have signed', result.counted_by.length === 2 && result.counted_by[0] !== result.counted_by[1])
  await screen.goto(`${base}/tally/${survey.id}`)
  await screen.waitForSelector('.signatures')
  const sheet = await screen.textContent('.sheet')
  ok('the tally sheet shows people, area and both names', [String(330), agreeArea, votedArea, total, '通过', '计票人 1', '计票人 2'].every(x => sheet.includes(x)), sheet)
  await look(screen, '1440 tally sheet')
  ok('guests do not read it before it is published', (await api(guest, 'GET', `/result?survey=${survey.id}`)).body.items.length === 0)
  await steps(committee, 'survey', survey.id, 'publish')
  await guest.goto(`${base}/tally/${survey.id}`)
  ok('then anybody does', await shows(guest, '.signatures'))
  await look(guest, '360 tally sheet')
  const objection = await made(agents[2], '/objection', { survey: survey.id, text: '计票时间没有公布' })
  ok('seven days for objections', (await steps(committee, 'survey', survey.id, 'finish')).status === 409)
  await steps(committee, 'objection', objection.id, 'answer', { set: { answer: '计票时间已在公告栏公布' } })
  ok('answers stand beside the result', (await api(guest, 'GET', `/result?survey=${survey.id}`)).body.items[0].f.objections[0].answer.includes('公告栏'))

  // a consultation with places, and a proposal with support
  const trip = await made(committee, '/survey', { title: '重阳节活动报名', kind: 'poll', home, one_per: 'person', secrecy: 'open', starts: Date.now() + hour, ends: Date.now() + 2 * hour })
  await made(committee, '/question', { survey: trip.id, no: 1, kind: 'single', required: true, label: '哪一场', options: [{ label: '上午', limit: 1 }, { label: '下午' }] })
  await steps(committee, 'survey', trip.id, 'approve')
  await steps(committee, 'survey', trip.id, 'open')
  const one = await agents[0]('POST', `/survey/${trip.id}/ballot`, { answers: { 1: '上午' } })
  ok('a choice with places is taken by the first', one.status === 200 && (await agents[1]('POST', `/survey/${trip.id}/ballot`, { answers: { 1: '上午' } })).status === 422, JSON.stringify(one.body))
  ok('who has it may say it again', (await agents[0]('POST', `/survey/${trip.id}/ballot`, { answers: { 1: '上午' } })).status === 200)
  const idea = await made(agents[0], '/proposal', { title: '楼道装扶手', body: '方便老人' })
  const backing = await agents[1]('POST', '/support', { proposal: idea.id, person: people[30].id })
  ok('neighbours support a proposal, once', backing.status === 201 && (await agents[1]('POST', '/support', { proposal: idea.id, person: people[30].id })).status === 409, JSON.stringify(backing.body))
  await steps(committee, 'proposal', idea.id, 'support')
  await steps(committee, 'proposal', idea.id, 'answer', { set: { answer: '已列入明年预算', budget: 300000 } })
  await steps(committee, 'proposal', idea.id, 'adopt')
  const adopted = await must(phone, 'GET', '/proposal/' + idea.id)
  ok('and read what became of it', adopted.state === 'adopted' && adopted.f.supports === 1 && adopted.f.budget === 300000)
} catch (e) {
  ok('the test ran to its end', false, e.stack)
}
await end()
