// Both languages, everywhere: words of the pages, labels of the definitions, and no text that stands outside of them.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const esbuild = createRequire(root + 'ui/package.json')('esbuild')
const HAN = /[\u4e00-\u9fff]/
const NEUTRAL = ['language'] // the button that leads to the other language is written in it
const both = (where, zh, en) => {
  const wrong = []
  if (typeof zh !== 'string' || zh.trim() === '' || typeof en !== 'string' || en.trim() === '') wrong.push(`${where}: one language is missing`)
  else {
    if (HAN.test(en)) wrong.push(`${where}: English holds Chinese: ${en}`)
    if (!HAN.test(zh) && /[a-z]{4}/.test(zh.replace(/\{\w+\}/g, ''))) wrong.push(`${where}: Chinese is not Chinese: ${zh}`)
    const holes = s => (s.match(/\{\w+\}/g) || []).sort().join()
    if (holes(zh) !== holes(en)) wrong.push(`${where}: the two fill in different values`)
  }
  return wrong
}

test('every word of the pages is in both languages, and they fill in the same', async () => {
  const wrong = []
  let n = 0
  for (const file of fs.readdirSync(root + 'ui/src/i18n')) {
    if (file === 'index.ts') continue
    const made = await esbuild.build({ entryPoints: [root + 'ui/src/i18n/' + file], bundle: true, write: false, format: 'esm' })
    const words = await import('data:text/javascript;base64,' + Buffer.from(made.outputFiles[0].contents).toString('base64'))
    const text = fs.readFileSync(root + 'ui/src/i18n/' + file, 'utf8')
    if (file === 'app.ts') for (const [key, pair] of Object.entries(words.app)) { n++; if (!NEUTRAL.includes(key)) wrong.push(...both(`${file} ${key}`, pair[0], pair[1])) }
    else for (const m of text.matchAll(/(\w+): \[(['"`])((?:\\.|(?!\2).)*)\2, (['"`])((?:\\.|(?!\4).)*)\4\]/g)) { n++; wrong.push(...both(`${file} ${m[1]}`, m[3], m[5])) }
  }
  assert.ok(n > 300, `${n} words`)
  assert.deepEqual(wrong, [])
})

test('every label of the definitions is in both languages', () => {
  const wrong = []
  const walk = (v, where) => {
    if (Array.isArray(v)) v.forEach((x, i) => walk(x, `${where}[${i}]`))
    else if (v && typeof v === 'object') {
      if ('zh' in v || 'en' in v) wrong.push(...both(where, v.zh, v.en))
      for (const k of Object.keys(v)) walk(v[k], where + '.' + k)
    }
  }
  for (const f of fs.readdirSync(root + 'node/module').filter(f => f.endsWith('.json'))) walk(JSON.parse(fs.readFileSync(root + 'node/module/' + f, 'utf8')), f)
  assert.deepEqual(wrong, [])
})

test('no text for people stands outside the words', () => {
  const wrong = []
  const walk = dir => {
    for (const e of fs.readdirSync(dir, { withFileTypes: true })) {
      const at = path.join(dir, e.name)
      if (e.isDirectory()) { if (e.name !== 'i18n') walk(at) } else if (/\.tsx?$/.test(e.name)) fs.readFileSync(at, 'utf8').split('\n').forEach((line, i) => {
        const code = line.replace(/\/\*.*?\*\/|\/\/.*$|^\s*\*.*$/g, '').replace(/'邻里'/g, '')
        if (HAN.test(code)) wrong.push(`${path.relative(root, at)}:${i + 1} ${line.trim().slice(0, 80)}`)
      })
    }
  }
  walk(root + 'ui/src')
  assert.deepEqual(wrong.filter(w => !/new ApiError\(/.test(w)), []) // an error carries its two languages side by side
})

test('every icon that the definitions name is drawn, and every module has one in the menu', () => {
  const drawn = new Set(Array.from(fs.readFileSync(root + 'ui/src/kit/icon.tsx', 'utf8').matchAll(/^ {2}([a-z_]+): '/gm), m => m[1]))
  const menu = fs.readFileSync(root + 'ui/src/app/nav.tsx', 'utf8').match(/MODULE_ICON[^{]*\{([^}]*)\}/)[1]
  const wrong = []
  let n = 0
  for (const file of fs.readdirSync(root + 'node/module').filter(f => f.endsWith('.json'))) {
    const text = fs.readFileSync(root + 'node/module/' + file, 'utf8')
    for (const m of text.matchAll(/"icon": "([a-z_]+)"/g)) { n++; if (!drawn.has(m[1])) wrong.push(`${file}: ${m[1]}`) }
    const name = JSON.parse(text).module
    const icon = menu.match(new RegExp(`\\b${name}: '([a-z_]+)'`))
    if (!icon || !drawn.has(icon[1])) wrong.push(`${name} has no icon in the menu`)
  }
  assert.ok(n > 30, `${n} icons`)
  assert.deepEqual(wrong, [])
})
