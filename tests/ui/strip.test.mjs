// What the sync strip claims, and what a form makes of typed text.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ui = fileURLToPath(new URL('../../ui/', import.meta.url))
const esbuild = createRequire(ui + 'package.json')('esbuild')
async function load(file) {
  const made = await esbuild.build({ entryPoints: [ui + 'src/' + file], bundle: true, write: false, format: 'esm' })
  return import('data:text/javascript;base64,' + Buffer.from(made.outputFiles[0].contents).toString('base64'))
}
const { strip } = await load('app/strip.ts')
globalThis.location = { pathname: '/', search: '' } // the state of a page knows where it is
const made = await esbuild.build({ stdin: { contents: `export * from './src/kit/parse'\nexport { modules } from './src/app/state'`, resolveDir: ui }, bundle: true, write: false, format: 'esm' })
const { parse, unparse, modules } = await import('data:text/javascript;base64,' + Buffer.from(made.outputFiles[0].contents).toString('base64'))
const sync = (state, unsent, unsealed) => ({ sync: { state, unsent, unsealed } })

test('the strip never says synced while something waits', () => {
  assert.deepEqual(strip(sync('synced', 0, 2), true), { key: 'pending', n: 2 })
  assert.deepEqual(strip(sync('synced', 0, 0), true), { key: 'synced', n: 0 })
})

test('the strip says what it waits for', () => {
  const more = (unsent, rest) => ({ sync: { state: 'pending', unsent, unsealed: 0, ...rest } })
  assert.deepEqual(strip(more(3, { opens_ms: 7 }), true), { key: 'window', n: 3, at: 7 })
  assert.deepEqual(strip(more(3, { opens_ms: 0, metered: true, next_ms: 9 }), true), { key: 'metered', n: 3, at: 9 })
  assert.equal(strip({ sync: { state: 'synced', unsent: 0, unsealed: 0, opens_ms: 7 } }, true).key, 'synced')
})

test('the strip claims nothing when the node has not answered', () => {
  assert.equal(strip(null, true).key, 'unknown')
  assert.equal(strip(sync('synced', 0, 0), false).key, 'unreachable')
})

test('a node that may be an older copy says so, and claims nothing else', () => {
  assert.equal(strip(sync('doubt', 0, 3), true).key, 'doubt')
  assert.equal(strip(sync('forked', 0, 0), true).key, 'forked')
})

test('money typed in yuan is stored in fen without loss', () => {
  assert.equal(parse('1234.56', { type: 'fen' }), 123456)
  assert.equal(parse(unparse(110, { type: 'fen' }), { type: 'fen' }), 110)
})

test('words for the keys of a map are read back as the keys, in either language', () => {
  const needs = { type: 'map', keys: 'role' }
  assert.deepEqual(parse('巡逻：10\nAnybody: 3\nx：1', needs), { 巡逻: '10', Anybody: '3', x: '1' }) // no words known
  modules.value = [{ codes: { role: [{ code: '6', zh: '巡逻', en: 'Patrol' }] } }]
  assert.deepEqual(parse('巡逻：10\n不限：3\nx：1', needs), { 6: '10', any: '3', x: '1' })
  assert.deepEqual(parse('Patrol: 10', needs), { 6: '10' })
  assert.equal(unparse({ 6: 10, any: 30 }, needs), '巡逻：10\n不限：30')
})

test('an impossible number is left for the node to refuse in words', () => {
  assert.equal(parse('12a', { type: 'int' }), '12a')
})
