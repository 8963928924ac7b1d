// How a stored value reads: one function for lists, records and conflicts.
import { lang, t, word } from '../i18n'
import type { Collection, Field, Module, Rec } from '../app/types'
import { codesOf } from '../module/codes'
import { CHINA_MS } from './when'

const two = (n: number) => (n < 10 ? '0' : '') + n

/** A moment in China's time, whatever clock the device keeps: prints and lists of the node say the same. */
export const stamp = (ms: number) => new Date(ms + CHINA_MS).toISOString().slice(0, 16).replace('T', ' ')

/** 123450 → ¥1,234.50 */
export function money(fen: number): string {
  const yuan = String(Math.floor(Math.abs(fen) / 100)).replace(/\B(?=(\d{3})+$)/g, ',')
  return (fen < 0 ? '-' : '') + '¥' + yuan + '.' + two(Math.abs(fen) % 100)
}

/** A human number (MODULES: letter, community, day, serial) at the front of a title, and the rest: in a list its end is enough to tell it. */
export function numbered(title = ''): { no: string; full: string; rest: string } {
  const m = /^([A-Z]\d{12}-(\d{6}-[A-Z]\d+))(?:\s+|$)(.*)$/.exec(title)
  return m ? { no: m[2], full: m[1], rest: m[3] } : { no: '', full: '', rest: title }
}

/** Words for the keys of a map; `any` is everybody's. */
const keyWords = (field: Field) => (field.keys ? codesOf(field.keys) : [])

/** A map line by line; parse() reads it again. */
export function lines(value: unknown, field: Field, rec?: Rec): string {
  const of = value as Record<string, unknown>
  const own = (rec && rec.words && rec.words[field.name]) || {}
  return Object.keys(of).map(k => {
    const known = keyWords(field).find(c => c.code === k)
    return `${own[k] ? own[k] : known ? word(known) : field.keys && k === 'any' ? t('any_one') : k}：${typeof of[k] === 'boolean' ? t(of[k] ? 'yes' : 'no') : String(of[k])}`
  }).join('\n')
}

/** The key that somebody wrote as a word of either language. */
export function keyOf(text: string, field: Field): string {
  const known = keyWords(field).find(c => c.zh === text || c.en === text)
  return known ? known.code : field.keys && text === t('any_one') ? 'any' : text
}

const nameOf = (value: unknown, field: Field, rec?: Rec) => rec && rec.refs && rec.refs[field.name] && rec.refs[field.name][String(value)]

/** The names that the reader may see; the others are counted. */
function names(list: unknown[], field: Field, rec?: Rec): string {
  const known = list.map(v => nameOf(v, field, rec)).filter(Boolean) as string[]
  const hidden = list.length - known.length
  if (hidden > 0) known.push(hidden > 1 ? t('n_not_yours', { n: hidden }) : t('not_yours'))
  return known.join(lang.value === 'zh' ? '、' : ', ')
}

export function show(value: unknown, field: Field | undefined, module: Module, rec?: Rec): string {
  if (value === undefined || value === null || value === '') return ''
  if (!field) return String(value)
  if (field.items && Array.isArray(value)) return value.map((v: Record<string, unknown>) => (field.items || [])
    .map(i => show(v[i.name], i, module)).filter(x => x !== '').join(' · ')).join('\n')
  if (Array.isArray(value) && field.to) return names(value, field, rec)
  if (Array.isArray(value)) return value.map(v => show(v, field, module, rec)).join(lang.value === 'zh' ? '、' : ', ')
  if (field.type === 'ts') return stamp(Number(value))
  if (field.type === 'fen') return money(Number(value))
  if (field.type === 'bool') return t(value ? 'yes' : 'no')
  if (field.codes) return word((module.codes[field.codes] || []).find(c => c.code === value), /\*\*/.test(String(value)) ? '＊＊＊' : String(value))
  if (field.type === 'ref' || (field.type === 'list' && field.to)) return nameOf(value, field, rec) || t('not_yours')
  if (field.type === 'region' || (field.type === 'list' && field.check === 'region')) return nameOf(value, field, rec) || String(value)
  if (field.type === 'file' || field.type === 'files') return String((value as { name?: string }).name || '')
  if (field.type === 'geo') return `${(value as { lat: string }).lat}, ${(value as { lng: string }).lng}`
  if (field.type === 'map') return lines(value, field, rec)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** What may hang on a wall: what everybody reads once it is published. */
export const postered = (def: Collection) => def.audience !== undefined && typeof def.audience !== 'string' && def.audience.after === 'P'
