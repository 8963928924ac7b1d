// What was typed, as the node wants it. undefined = the field was left empty.
import type { Field } from '../app/types'
import { keyOf, lines, stamp } from './value'

export function parse(text: string, field: Field): unknown {
  const s = text.trim()
  if (s === '') return undefined
  if (field.items) return JSON.parse(s) as unknown
  switch (field.type) {
    case 'int': return /^-?\d+$/.test(s) ? Number(s) : s
    case 'fen': return /^-?\d+(\.\d{1,2})?$/.test(s) ? Math.round(Number(s) * 100) : s
    case 'ts': return /^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(s) ? Date.parse(s.replace(' ', 'T') + ':00+08:00') : s
    case 'bool': return s === 'true'
    case 'geo': {
      const m = /^(-?\d+(?:\.\d+)?)\s*[,，\s]\s*(-?\d+(?:\.\d+)?)$/.exec(s)
      return m ? { lat: m[1], lng: m[2] } : s
    }
    case 'map': {
      const o: Record<string, string> = {}
      for (const line of s.split('\n')) {
        const at = line.search(/[:：]/)
        if (at > 0) o[keyOf(line.slice(0, at).trim(), field)] = line.slice(at + 1).trim()
      }
      return o
    }
    case 'list': return s.split(/\s*[,，、\n]\s*/).filter(x => x !== '')
    default: return s
  }
}

/** The form's text of a stored value; parse(unparse(v)) is v. */
export function unparse(value: unknown, field: Field): string {
  if (value === undefined || value === null) return ''
  if (field.items) return JSON.stringify(value)
  if (field.type === 'fen') return (Number(value) / 100).toFixed(2)
  if (field.type === 'ts') return stamp(Number(value))
  if (field.type === 'geo') return `${(value as { lat: string }).lat}, ${(value as { lng: string }).lng}`
  if (field.type === 'map') return lines(value, field)
  if (Array.isArray(value)) return value.join('、')
  return String(value)
}
