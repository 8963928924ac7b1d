// Where things stand on a plan that is drawn from coordinates alone.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ui = fileURLToPath(new URL('../../ui/', import.meta.url))
const esbuild = createRequire(ui + 'package.json')('esbuild')
const made = await esbuild.build({ entryPoints: [ui + 'src/kit/plan.tsx'], bundle: true, write: false, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact' })
globalThis.location = { pathname: '/', search: '' }
const { around, placeOf, places, round } = await import('data:text/javascript;base64,' + Buffer.from(made.outputFiles[0].contents).toString('base64'))
const spot = (id, lat, lng) => ({ id, title: id, lat, lng })

test('two typed numbers and a stored place are the same place; anything else is none', () => {
  assert.deepEqual(placeOf('30.27, 120.12'), { lat: 30.27, lng: 120.12 })
  assert.deepEqual(placeOf({ lat: '30.27', lng: '120.12' }), { lat: 30.27, lng: 120.12 })
  for (const none of ['', '三幢', '91, 0', '0, 181', 'a, b', undefined, null, {}]) assert.equal(placeOf(none), null, String(none))
})

test('a hundred metres are a hundred metres, north and east', () => {
  // one minute of latitude is a nautical mile, 1852 m; of longitude at 60 degrees half of it
  const view = { lat: 60, lng: 10, wide: 1000 }
  const { seen } = places([spot('middle', 60, 10), spot('north', 60 + 0.1 / 60, 10), spot('east', 60, 10 + 0.2 / 60)], view, 1000, 800, 4)
  const at = id => seen.find(p => p.spots[0].id === id)
  assert.deepEqual([at('middle').x, at('middle').y], [500, 400])
  assert.ok(Math.abs(400 - at('north').y - 185.2) < 1, at('north').y)
  assert.ok(Math.abs(at('east').x - 500 - 185.2) < 1, at('east').x)
})

test('numbers go from north to south; what overlaps is one place, what lies outside is counted', () => {
  const view = { lat: 30, lng: 120, wide: 1000 }
  const { seen, outside } = places([spot('south', 29.999, 120), spot('far', 31, 120), spot('north', 30.001, 120), spot('beside', 30.00101, 120.00001)], view, 640, 440, 24)
  assert.deepEqual(seen.map(p => p.spots.map(s => s.id)), [['beside', 'north'], ['south']])
  assert.equal(outside, 1)
})

test('all of them fit with room around, and one alone is not blown up', () => {
  const spots = [spot('a', 30, 120), spot('b', 30.01, 120.002)]
  const view = around(spots, 440 / 640)
  const { seen, outside } = places(spots, view, 640, 440, 4)
  assert.deepEqual([seen.length, outside], [2, 0])
  assert.ok(seen.every(p => p.x > 20 && p.x < 620 && p.y > 20 && p.y < 420))
  assert.equal(around([spot('a', 30, 120)], 0.7).wide, 200)
})

test('the bar is as long as a round number', () => {
  assert.deepEqual([9.9, 10, 19, 50, 130, 4999, 5000].map(round), [5, 10, 10, 50, 100, 2000, 5000])
})
