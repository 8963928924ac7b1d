// The board of erasures as people see it: granted on the page, who has signed, who has not, on a phone and a desktop.
import { end, knock, login, look, must, ok, open, shows, startNode, until } from './lib-browser.mjs'

const port = Number(process.env.PORT0 ?? 18650)
const district = await startNode('xihu', port, '330106000000', 'district', ['clerk'])
const box = await startNode('cuiyuan', port + 1, '330106005055', 'community', ['committee', 'resident'], district)

const page = await open(1440, 900)
await login(page, box.base, 'committee')
await page.goto(`${box.base}/erasures`)
ok('nothing was asked yet, and the page says so', await shows(page, 'text=没有删除请求'))
const person = await must(page, 'POST', '/person', { name: '赵删除', id_type: '111', sex: '1', kind: 'local', status: 'living' })
const request = await must(page, 'POST', '/subject_request', { person: person.id, kind: 'delete', text: '请删除' })
await must(page, 'POST', `/subject_request/${request.id}/steps`, { action: 'check' })
await must(page, 'POST', `/subject_request/${request.id}/steps`, { action: 'finish', note: '已核对身份' })
await page.goto(`${box.base}/erasures`)
ok('the granted request stands there, by reason', await shows(page, 'text=本人要求删除'))
await look(page, 'erasures desktop')
ok('in the end all have signed', await until(page, async () => {
  await must(page, 'POST', '/sync')
  return (await must(page, 'GET', '/erasures')).items[0].missing === 0
}))
// What comes next by date, and a decision that it stays
await must(page, 'POST', '/home', { kind: 'committee', name: '翠苑居委会' })
const thread = await must(page, 'POST', '/thread', { kind: 'desk', subject: '短期保存', keep_days: 10 })
await must(page, 'POST', '/message', { thread: thread.id, body: '十天以后不再保存' })
await page.goto(`${box.base}/erasures`)
ok('a message that is kept ten days is due within thirty', await shows(page, 'text=销毁密钥'))
await look(page, 'due next desktop')
await page.getByRole('button', { name: /^留存/ }).first().click()
await page.getByLabel('理由').fill('信访案件需要')
await page.locator('form button.primary').click()
ok('the committee holds it, with a reason', await shows(page, 'text=留存中'))
const holds = (await must(page, 'GET', '/legal_hold')).items
ok('the decision is a record, signed with its author', holds.length === 1 && holds[0].f.reason === '信访案件需要' && Boolean(holds[0].f.author))
ok('and the list says by which', (await must(page, 'GET', '/retention')).items.some(i => i.hold === holds[0].id))
const asked = await knock(`${box.base}/api/v1/retention`)
ok('nobody else is told', asked.status === 401 || asked.status === 403)
const small = await open(360, 640)
await login(small, box.base, 'committee')
await small.goto(`${box.base}/erasures`)
ok('a phone shows it, too', await shows(small, 'text=留存中'))
await look(small, 'due next phone')

const phone = await open(360, 640)
await login(phone, district.base, 'clerk')
await phone.goto(`${district.base}/erasures`)
ok('the district sees it too', await shows(phone, 'text=全部已签字'))
await look(phone, 'erasures phone')

const resident = await open(360, 640)
await login(resident, box.base, 'resident')
ok('residents have no such page in their menu', await resident.locator('a[href="/erasures"]').count() === 0)
await end()
