// What was built, for the phones and offices it is for: no syntax, function or rule that chrome 64 or safari 12 do not know, and small.
import test from 'node:test'
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { createRequire } from 'node:module'
const ts = createRequire(path.resolve('ui/package.json'))('typescript')

const ROOT = path.resolve('build/ui')
const FIRST_MOST = 45 * 1024 // JS and CSS of a first screen, gzip; staff load the same
const LAZY_MOST = 35 * 1024
const files = fs.readdirSync(path.join(ROOT, 'assets')).map(name => ({ name, text: fs.readFileSync(path.join(ROOT, 'assets', name), 'utf8') }))
const gz = text => zlib.gzipSync(text, { level: 9 }).length
const K = ts.SyntaxKind
const GIVEN = ['queueMicrotask'] // by ui/src/old.ts

/** Newer than 2018, or known to 2018 and not to these browsers; [] is good. */
function tooNew(name, text) {
  const found = []
  const say = (what, node) => found.push(`${name}: ${what} near ${text.slice(node.getStart(), node.getStart() + 60)}`)
  const NEW_CALLS = ['flat', 'flatMap', 'fromEntries', 'allSettled', 'matchAll', 'replaceAll', 'trimStart', 'trimEnd', 'replaceChildren', 'toSorted', 'toReversed', 'findLast', 'findLastIndex', 'hasOwn']
  const NEW_NAMES = ['globalThis', 'queueMicrotask', 'structuredClone', 'BigInt', 'WeakRef', 'ResizeObserver']
  const walk = node => {
    if (node.questionDotToken) say('?.', node)
    if (node.kind === K.BinaryExpression && [K.QuestionQuestionToken, K.QuestionQuestionEqualsToken, K.BarBarEqualsToken, K.AmpersandAmpersandEqualsToken].includes(node.operatorToken.kind)) say('?? or a logical assignment', node)
    if (node.kind === K.CatchClause && !node.variableDeclaration) say('catch without a name', node)
    if (node.kind === K.BigIntLiteral || node.kind === K.PrivateIdentifier || node.kind === K.PropertyDeclaration || node.kind === K.ClassStaticBlockDeclaration) say(K[node.kind], node)
    if (node.kind === K.NumericLiteral && node.getText().includes('_')) say('a number with _', node)
    if (node.kind === K.RegularExpressionLiteral && /\(\?<|\/[a-z]*[svd][a-z]*$|\\p\{/.test(node.text)) say('a regular expression', node)
    if (node.kind === K.AwaitExpression) {
      let up = node.parent
      while (up && !ts.isFunctionLike(up)) up = up.parent
      if (!up) say('await at the top', node)
    }
    if (node.kind === K.CallExpression && node.expression.kind === K.PropertyAccessExpression && NEW_CALLS.includes(node.expression.name.text)) say('.' + node.expression.name.text + '()', node)
    if (node.kind === K.Identifier && NEW_NAMES.includes(node.text) && !GIVEN.includes(node.text) && !(node.parent.kind === K.PropertyAccessExpression && node.parent.name === node)) say(node.text, node)
    ts.forEachChild(node, walk)
  }
  walk(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS))
  return found
}

test('the check sees what is too new', () => {
  for (const bad of ['a?.b', 'a ?? b', 'a ||= b', 'try { f() } catch { g() }', 'class A { x = 1 }', 'class A { #x }', '1n', '1_000', '/(?<=a)b/', '/a.b/s', 'await f()', 'x.flat()', 'Object.fromEntries(a)', 'globalThis.x', 's.replaceAll("a", "b")'])
    assert.equal(tooNew('bad', bad).length > 0, true, bad)
  assert.deepEqual(tooNew('good', 'const f = async ({ a, ...b }) => { try { await import("./x") } catch (e) { return { ...b, a: a ** 2 } } }; /[a-z]+/giu.test(`${f}`)'), [])
})

test('no script is newer than the browsers it is for', () => {
  const scripts = files.filter(f => f.name.endsWith('.js'))
  assert.equal(scripts.length > 10, true)
  assert.deepEqual(scripts.flatMap(f => tooNew(f.name, f.text)).slice(0, 5), [])
})

test('what a library needs beyond that is given before it runs', () => {
  const page = fs.readFileSync(path.join(ROOT, 'index.html'), 'utf8')
  const first = files.filter(f => f.name.endsWith('.js') && page.includes(f.name))
  for (const name of GIVEN) {
    const gives = first.filter(f => new RegExp(`^.{0,200}window\\.${name}\\s*(\\|\\||=|\\))`).test(f.text))
    assert.equal(gives.length, 1, `${name}: in the first lines of one of the first scripts`)
    assert.deepEqual(first.filter(f => f.text.includes(name) && f !== gives[0]), [], `${name}: called in a script that may run before`)
  }
})

test('no style is newer than they are', () => {
  const css = files.filter(f => f.name.endsWith('.css')).map(f => f.text).join('')
  assert.equal(css.length > 1000, true)
  for (const bad of [/[;{]gap:/, /[;{]row-gap:/, /[;{]inset:/, /:focus-visible/, /:is\(/, /:where\(/, /:has\(/, /aspect-ratio/, /(min|max|clamp)\([^)]*,/, /@layer/, /@container/]) {
    const at = css.search(new RegExp(bad.source.replace('(min|max|clamp)', '(^|[^a-z])(min|max|clamp)')))
    assert.equal(at < 0, true, `${bad}: ${css.slice(Math.max(0, at - 30), at + 60)}`)
  }
})

test('the first load and every later part stay small', () => {
  const page = fs.readFileSync(path.join(ROOT, 'index.html'), 'utf8')
  const first = files.filter(f => page.includes(f.name))
  const sum = first.reduce((n, f) => n + gz(f.text), 0)
  assert.equal(first.some(f => f.name.endsWith('.css')) && first.some(f => f.name.endsWith('.js')), true)
  assert.equal(sum <= FIRST_MOST, true, `first load: ${sum} bytes`)
  for (const f of files) assert.equal(gz(f.text) <= LAZY_MOST, true, `${f.name}: ${gz(f.text)} bytes`)
})
