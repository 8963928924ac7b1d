// The stream of changes that every system in the bench gets: a registry at work, made from a seed.
// 60 % new records of 12 fields, 30 % updates of two fields, 10 % rows that are only added.
export const LETTERS = '0123456789abcdefghijklmnopqrstuv'

// mulberry32: small, repeatable, good enough to choose a room number
export function random(seed) {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

// 48 bits of ms, 16 of counter, 32 random, as 20 characters of base32hex (sync/README.md)
export function idText(ms, counter, low) {
  let n = (BigInt(ms) << 48n) | (BigInt(counter) << 32n) | BigInt(low >>> 0)
  n <<= 4n // 96 bits in 20 characters: four spare bits at the end
  let text = ''
  for (let i = 0; i < 20; i++) {
    text = LETTERS[Number(n & 31n)] + text
    n >>= 5n
  }
  return text
}

const two = n => String(n).padStart(2, '0')
const date = r => `20${two(10 + Math.floor(r() * 16))}-${two(1 + Math.floor(r() * 12))}-${two(1 + Math.floor(r() * 28))}`
const pick = (r, list) => list[Math.floor(r() * list.length)]

// plain: no field that would be sealed under a subject key; sealed: 6 of 12 are
const KINDS = {
  plain: {
    collection: 'dwelling@1',
    fields: (r, i, ref) => ({
      area: `${30 + Math.floor(r() * 120)}.${Math.floor(r() * 10)}0`, building: ref(i), checked: date(r), ext_id: `GT${100000 + i}`, home: ref(0), on_behalf_of: ref(i * 7),
      floor: 1 + Math.floor(r() * 18), room: String(100 + Math.floor(r() * 900)), tags: ['b'], tenure: pick(r, ['owner', 'rent', 'public', 'vacant']),
      unit: String(1 + Math.floor(r() * 4)), use: 'home',
    }),
    update: r => ({ checked: date(r), tenure: pick(r, ['owner', 'rent', 'public', 'vacant']) }),
  },
  sealed: {
    collection: 'person@1',
    fields: (r, i) => ({
      birth: date(r), checked: date(r), education: '20', ethnic: '01', hukou_addr: `翠苑一区${1 + i % 90}幢${100 + Math.floor(r() * 900)}室`,
      id_no: `33010619${two(Math.floor(r() * 100))}0101${String(i % 10000).padStart(4, '0')}`, id_type: '1', kind: 'local', marital: '20',
      name: `居民${i}`, phone: `139${String(10000000 + i).slice(-8)}`, sex: pick(r, ['1', '2']), status: 'living',
    }),
    update: r => ({ checked: date(r), education: pick(r, ['20', '30', '40']) }),
  },
}
const ROW = {
  collection: 'service_check@1', // a log that field workers write, too
  fields: (r, i, ref) => ({ decision: pick(r, ['confirm', 'dispute']), kind: pick(r, ['receiver', 'organiser']), minutes: 60, record: ref }),
}

export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value && typeof value === 'object') return `{${Object.keys(value).sort().map(k => `"${k}":${canonical(value[k])}`).join(',')}}`
  return JSON.stringify(value)
}

// Calls take(line, {op, id, record}) for each of n changes.
export function stream(n, take, { seed = 1, kind = 'plain', start = Date.now() - 86400000, words = KINDS } = {}) {
  const r = random(seed)
  const k = words[kind]
  const records = [] // {id, last: id of the change that wrote what an update replaces}
  const ref = i => idText(start - 1000, i % 90, 7 + (i % 90)) // 90 buildings
  for (let i = 0; i < n; i++) {
    const id = idText(start + Math.floor(i / 8), i % 8, Math.floor(r() * 4294967296))
    const dice = r()
    let change
    if (dice < 0.6 || records.length === 0) {
      change = { f: k.fields(r, i, ref), i: id, o: 'add', t: k.collection }
      records.push({ id, last: id })
    } else if (dice < 0.9) {
      const record = pick(r, records)
      change = { b: [record.last], f: k.update(r), i: id, o: 'set', r: record.id, t: k.collection }
      record.last = id
    } else {
      change = { f: ROW.fields(r, i, pick(r, records).id), i: id, o: 'add', t: ROW.collection }
    }
    take(canonical({ c: 'import', ...change }), { op: change.o, id, record: change.r ?? id })
  }
}
