// Records of every collection in every state, made from the definitions as lines of a log, so that no hook stands in the way.
import fs from 'node:fs'
import path from 'node:path'

export const modules = fs.readdirSync('node/module').filter(f => f.endsWith('.json')).map(f => JSON.parse(fs.readFileSync(path.join('node/module', f), 'utf8')))
export const colls = modules.flatMap(m => m.collections)
const codes = Object.assign({}, ...modules.map(m => m.codes ?? {}))

let ticks = 0
export function newId(agoMs = 3600000) { // 48 bits of ms, 16 of counter, 32 of the number: base32hex
  const bits = (BigInt(Math.floor(Date.now() - agoMs)) << 48n | BigInt(Math.floor(ticks / 65536)) << 32n | BigInt(ticks++ * 2654435761 % 4294967296)) << 4n
  return Array.from({ length: 20 }, (_, i) => '0123456789abcdefghijklmnopqrstuv'[Number(bits >> BigInt(95 - i * 5) & 31n)]).join('')
}
export const made = {} // collection -> id of some record of it
export function sample(coll, f, owner) {
  if (f.codes && f.type === 'code') return codes[f.codes][0].code
  switch (f.type) {
    case 'str': return f.check === 'grid' ? '03' : f.name === 'period' ? '2026-10' : f.check === 'phone' ? '0571-88000000' : '样例'
    case 'text': return '样例'
    case 'region': return '330106005055'
    case 'int': case 'fen': return Math.max(f.min ?? 1, 1)
    case 'dec': return '1.00'
    case 'date': return '2030-01-01' // or what ends on a day would have ended
    case 'ts': return 1900000000000
    case 'bool': return true
    case 'ref': return f.to === 'account' ? owner.account : f.to === 'person' ? owner.person : made[f.to === '*' ? 'person' : f.to]
    case 'list': return f.codes ? [codes[f.codes][0].code] : f.to ? [f.to === 'account' ? owner.account : made[f.to]] : f.items ? [] : [owner.account]
    case 'map': return { [owner.account]: '1' }
    case 'geo': return { lat: '30.27', lng: '120.12' }
  }
  return undefined // files
}
/** Required fields, and those by which a right names somebody. */
export function fields(coll, owner) {
  const named = JSON.stringify(coll.rights) + JSON.stringify(coll.workflow ?? {})
  const f = {}
  for (const d of coll.fields) {
    if (!d.required && d.name !== coll.own && !named.includes(`:${d.name}"`) && d.name !== 'reporter') continue
    const v = sample(coll, d, owner)
    if (v !== undefined) f[d.name] = v
  }
  for (const d of coll.fields) if (Object.keys(f).length === 0 && sample(coll, d, owner) !== undefined) f[d.name] = sample(coll, d, owner) // a record has a field
  if (!JSON.stringify(coll.audience).includes('P')) f.author = owner.account
  return f
}
/** The steps that lead from the first state to each other one. */
export function ways(coll) {
  const w = coll.workflow
  if (!w) return { '': [] }
  const out = { [w.first]: [] }
  for (let grew = true; grew;) {
    grew = false
    for (const s of w.steps)
      for (const from of s.from)
        if (out[from] && !out[s.to]) { out[s.to] = [...out[from], s]; grew = true }
  }
  return out
}
export const canon = v => JSON.stringify(v, (_, x) => (x && typeof x === 'object' && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).sort(([a], [b]) => (a < b ? -1 : 1))) : x))
