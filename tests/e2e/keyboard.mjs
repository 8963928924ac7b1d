// The whole of it by keyboard: a report, its dispatch, a notice, an import, with Tab, Enter, Escape, arrows and letters only; the focus is seen,
// the way past the menu works, dialogs keep the focus and give it back. What a device keeps: corrections and steps wait in the outbox.
// And a guest's emergency; and a browser that lacks what came after 2018.
import fs from 'node:fs'
import { dir, end, login, look, must, ok, open, shows, startNode, until } from './lib-browser.mjs'

const { base } = await startNode('翠苑一区社区', Number(process.env.PORT0 ?? 18650) + 176, '330106005055', 'community', ['committee', 'worker', 'resident'])
/** What has the focus, in words. */
const at = page => page.evaluate(() => {
  const e = document.activeElement
  return `${e.tagName.toLowerCase()}#${e.id} ${(e.getAttribute('aria-label') || e.innerText || e.getAttribute('name') || '').trim().slice(0, 40)}`
})
/** Tab until what has the focus fits; every stop on the way must be seen. */
const unseen = []
async function tab(page, fits, most = 90, key = 'Tab') {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press(key)
    const seen = await page.evaluate(() => {
      const e = document.activeElement
      if (e === document.body) return true
      const box = e.closest('.file-pick') || e
      const s = getComputedStyle(box)
      return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 && (e.offsetWidth > 0 || e.getClientRects().length > 0)
    })
    if (!seen) unseen.push(await at(page))
    if (await page.evaluate(fits)) return true
  }
  throw new Error(`no stop of ${most} fits ${fits}; at ${await at(page)}`)
}
const on = selector => `document.activeElement && document.activeElement.matches(${JSON.stringify(selector)})`
const named = text => `document.activeElement && document.activeElement.matches('a, button') && document.activeElement.textContent.includes(${JSON.stringify(text)})`
const press = (page, ...keys) => keys.reduce((p, k) => p.then(() => page.keyboard.press(k)), Promise.resolve())

try {
  const desk = await open(1440, 900)
  await login(desk, base, 'committee')
  const home = (await must(desk, 'GET', '/membership?limit=1')).items[0].f.home
  await must(desk, 'POST', '/category', { code: 'lamp', name: '路灯损坏', handler: home, tier: 'community', accept_hours: 4, done_hours: 24 })

  const phone = await open(1440, 900)
  await phone.addInitScript(() => { delete window.queueMicrotask; delete window.structuredClone; delete Array.prototype.flat; delete Object.fromEntries; delete Promise.allSettled; delete String.prototype.replaceAll; delete Array.prototype.at })
  await login(phone, base, 'resident')
  await phone.goto(base)
  await phone.waitForSelector('.tile')
  await tab(phone, on('.skip'), 1)
  await press(phone, 'Enter')
  ok('the first stop leads past the menu into the page', await until(phone, () => phone.evaluate(() => document.activeElement.id === 'main' || location.hash === '#main')))
  await tab(phone, named('报事'))
  await press(phone, 'Enter')
  await phone.waitForSelector('#f-category')
  await tab(phone, on('#f-category'))
  await phone.keyboard.type('路灯')
  await phone.waitForSelector('#f-category-list button')
  await press(phone, 'ArrowDown', 'Enter')
  ok('a record is chosen by arrows and Enter', await phone.inputValue('#f-category') === '路灯损坏')
  await tab(phone, on('#f-title'))
  await phone.keyboard.type('三幢路灯不亮')
  await tab(phone, on('#f-body'))
  await phone.keyboard.type('昨晚起')
  await tab(phone, named('保存'))
  await press(phone, 'Enter')
  ok('a report is filed by keyboard, in a browser of 2018', await shows(phone, '.done:has-text("编号")'))

  await desk.goto(base)
  await desk.waitForSelector('a.item:has-text("三幢路灯不亮")')
  await tab(desk, named('三幢路灯不亮'))
  await press(desk, 'Enter')
  await desk.waitForSelector('.steps button')
  await tab(desk, named('受理'))
  await press(desk, 'Enter')
  await desk.waitForSelector('form textarea')
  ok('a step puts the hand where something is to be written', await until(desk, () => desk.evaluate(on('form textarea'))))
  await tab(desk, named('确定受理'))
  await press(desk, 'Enter')
  await desk.waitForSelector('.steps button:has-text("派单")')
  await tab(desk, named('派单'))
  await press(desk, 'Enter')
  await desk.waitForSelector('#to-home')
  await until(desk, () => desk.evaluate(on('#to-home')))
  await desk.keyboard.type('翠苑')
  await desk.waitForSelector('#to-home-list button')
  await press(desk, 'Enter')
  await tab(desk, named('确定派单'))
  await press(desk, 'Enter')
  ok('it is dispatched by keyboard', await shows(desk, '.chip:has-text("已派单")'))

  const worker = await open(1440, 900)
  await login(worker, base, 'worker')
  await worker.goto(`${base}/notice/new`)
  await worker.waitForSelector('#f-title')
  await tab(worker, on('#f-title'))
  await worker.keyboard.type('停水通知')
  await tab(worker, on('#f-body'))
  await worker.keyboard.type('明天九点')
  await tab(worker, on('#f-kind'))
  await press(worker, 'ArrowDown', 'ArrowDown')
  await tab(worker, named('保存并提交'))
  await press(worker, 'Enter')
  ok('a notice is written and sent with one key', await shows(worker, '.chip:has-text("待审核")'))
  await desk.goto(base)
  await desk.waitForSelector('a.item:has-text("停水通知")')
  await tab(desk, named('停水通知'))
  await press(desk, 'Enter')
  for (const step of ['通过', '发布']) {
    await desk.waitForSelector(`.steps button:has-text("${step}")`)
    await tab(desk, named(step))
    await press(desk, 'Enter')
    await desk.waitForSelector(`form button:has-text("确定${step}")`)
    await tab(desk, named('确定' + step))
    await press(desk, 'Enter')
  }
  ok('reviewed and published by keyboard', await shows(desk, '.chip:has-text("已发布")'))

  fs.writeFileSync(`${dir}/persons.csv`, '﻿姓名,证件类型,证件号码,人员类别\n沈阿婆,990,P100,local\n')
  await worker.goto(`${base}/person/import`)
  await worker.waitForSelector('#import-file')
  await tab(worker, on('#import-file'))
  const [chooser] = await Promise.all([worker.waitForEvent('filechooser'), worker.keyboard.press('Enter').then(() => worker.keyboard.press('Space'))])
  await chooser.setFiles(`${dir}/persons.csv`)
  await worker.waitForSelector('table')
  await look(worker, '1440 import')
  ok('a spreadsheet is chosen and looked at by keyboard', await shows(worker, 'td:has-text("沈阿婆")'))

  // a dialog: the focus goes in, stays, leaves with Escape, and is back where it was
  const small = await open(360, 640)
  await login(small, base, 'resident')
  await small.goto(base)
  await small.waitForSelector('.tabs button')
  await small.focus('.tabs button')
  await press(small, 'Enter')
  await small.waitForSelector('[role=dialog]')
  let inside = true
  for (let i = 0; i < 60; i++) {
    await press(small, i % 7 === 6 ? 'Shift+Tab' : 'Tab')
    inside = inside && await small.evaluate(() => !!document.activeElement.closest('[role=dialog]'))
  }
  ok('a dialog keeps the focus', inside)
  await press(small, 'Escape')
  ok('and gives it back', await until(small, () => small.evaluate(() => !document.querySelector('[role=dialog]') && document.activeElement.matches('.tabs button'))))
  ok('whatever had the focus showed it', unseen.length === 0, unseen.slice(0, 5).join(' | '))

  // names for those who listen: every control says what it is
  const nameless = await worker.evaluate(() => Array.from(document.querySelectorAll('a[href], button, input, select, textarea, summary')).filter(e => e.getClientRects().length > 0 && e.type !== 'hidden')
    .filter(e => !(e.getAttribute('aria-label') || e.innerText || (e.labels && e.labels.length > 0) || e.getAttribute('aria-labelledby') || e.title)).map(e => e.outerHTML.slice(0, 80)))
  ok('every control has a name', nameless.length === 0, nameless.join(' | '))

  // what a device keeps: a correction and a step, through an outage
  const ticket = (await must(desk, 'GET', '/ticket')).items[0].id
  const note = (await must(worker, 'GET', '/notice?mine=1')).items[0]
  const draft = await must(phone, 'POST', '/notice', { title: '寻猫', body: '黄白相间', kind: 'lost', expire: '2030-01-01' })
  await phone.goto(`${base}/notice/${draft.id}/edit`)
  await phone.waitForSelector('#f-title')
  await desk.goto(`${base}/ticket/${ticket}`)
  await desk.click('.steps button:has-text("办理")')
  await desk.waitForSelector('form textarea')
  for (const p of [phone, desk]) await p.context().setOffline(true)
  await phone.fill('#f-title', '寻猫（急）')
  await phone.click('form button.primary')
  ok('a correction waits in the outbox', await shows(phone, '.stack li:has-text("寻猫"):has-text("更正")'))
  await desk.fill('form textarea', '已派电工')
  await desk.click('button:has-text("确定办理")')
  ok('and so does a step, with what was written', await shows(desk, '.stack li:has-text("办理"):has-text("已派电工")'))
  for (const p of [phone, desk]) await p.context().setOffline(false)
  ok('both are sent by themselves', await until(phone, async () => (await must(phone, 'GET', `/notice/${draft.id}`)).f.title === '寻猫（急）') &&
    await until(desk, async () => (await must(desk, 'GET', `/ticket/${ticket}`)).state === 'handling'))
  ok('the outbox is empty then', await shows(phone, 'text=没有等待发送的内容'))

  // somebody else was first: the correction stays, with the reason, and is filled in anew
  await phone.goto(`${base}/notice/${draft.id}/edit`)
  await phone.waitForSelector('#f-title')
  await phone.context().setOffline(true)
  await phone.fill('#f-body', '黄白相间，项圈红色')
  await phone.click('form button.primary')
  await phone.waitForSelector('.stack li')
  const other = await open(360, 640)
  await login(other, base, 'resident')
  const now = await must(other, 'GET', `/notice/${draft.id}`)
  await other.evaluate(async ([id, etag]) => fetch(`/api/v1/notice/${id}`, { method: 'PATCH', headers: { 'Content-Type': 'application/json', 'If-Match': `"${etag}"` }, body: '{"title":"寻猫启事"}' }), [draft.id, now.version_etag])
  await phone.context().setOffline(false)
  ok('where somebody was first it stays, and says so', await shows(phone, '.stack li .error:has-text("别人刚改过")'))
  await look(phone, '1440 outbox with a refusal')
  await phone.click('button:has-text("重新填写")')
  await phone.waitForSelector('#f-body')
  ok('and what was typed is in its form again', await phone.inputValue('#f-body') === '黄白相间，项圈红色')
  await phone.click('form button.primary')
  ok('from where it is saved', await until(phone, async () => (await must(phone, 'GET', `/notice/${draft.id}`)).f.body === '黄白相间，项圈红色'))

  // a step that was begun is there after a reload
  await desk.goto(`${base}/ticket/${ticket}`)
  await desk.click('.steps button:has-text("答复")')
  await desk.fill('form label textarea', '灯泡已换')
  await desk.reload()
  ok('a step that was begun is there after a reload', await shows(desk, 'form label textarea') && await desk.inputValue('form label textarea') === '灯泡已换')

  // a guest's emergency, without a login
  const guest = await open(360, 640)
  await guest.goto(base)
  await guest.click('.tile:has-text("紧急报事")')
  ok('a guest is told whom to call first', await shows(guest, '.note:has-text("110")'))
  await look(guest, '360 emergency')
  await guest.fill('#f-category', '路灯')
  await guest.click('#f-category-list button')
  await guest.fill('#f-title', '井盖丢失')
  await guest.fill('#f-body', '二幢门口，有人摔倒')
  await guest.click('form button.primary')
  ok('files, and is given a number', await shows(guest, 'b:has-text("编号 T330106005055")'))
  await look(guest, '360 emergency received')
  const alarm = (await must(worker, 'GET', '/ticket')).items.find(t => t.f.title === '井盖丢失')
  ok('which the community has as an emergency', alarm && alarm.f.priority === 'emergency' && alarm.f.kind === 'event', JSON.stringify(alarm && alarm.f))
} catch (e) {
  ok('by keyboard', false, e.stack.slice(0, 900))
}
await end()
