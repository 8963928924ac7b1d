// What a page shows of the node's refusals: words of the reader's language, and no others.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ui = fileURLToPath(new URL('../../ui/', import.meta.url))
const esbuild = createRequire(ui + 'package.json')('esbuild')
const source = `export { said, ApiError } from './src/app/api'\nexport { lang } from './src/i18n'`
const made = await esbuild.build({ stdin: { contents: source, resolveDir: ui }, bundle: true, write: false, format: 'esm' })
const { said, ApiError, lang } = await import('data:text/javascript;base64,' + Buffer.from(made.outputFiles[0].contents).toString('base64'))
const refused = detail => new ApiError(422, 'invalid', '内容有误', 'Something is wrong', [], detail)
const inBoth = e => ['zh', 'en'].map(l => { lang.value = l; return said(e) })

test('a refusal is shown in the language of the reader', () => {
  assert.deepEqual(inBoth(refused('')), ['内容有误', 'Something is wrong'])
})

test('the node\'s own sentence stands behind it where the reader reads it', () => {
  assert.deepEqual(inBoth(refused('限速须为整数')), ['内容有误 · 限速须为整数', 'Something is wrong'])
  assert.deepEqual(inBoth(refused('the rate is a number')), ['内容有误', 'Something is wrong · the rate is a number'])
})

test('nothing is said twice', () => {
  assert.deepEqual(inBoth(refused('Something is wrong')), ['内容有误', 'Something is wrong'])
})
