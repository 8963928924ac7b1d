// Days and times by selects: no native calendar, whose form differs on each old phone.
import { t } from '../i18n'

export const two = (n: number) => (n < 10 ? '0' : '') + n
export const upTo = (from: number, to: number) => Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => from + (to < from ? -i : i))

interface DayProps { id: string; label?: string; value: string; bad?: boolean; onInput: (text: string) => void }

export function Day({ id, label, value, bad, onInput }: DayProps) {
  const part = value.split('-')
  const now = new Date().getFullYear()
  const put = (i: number, v: string) => {
    const next = [part[0] || '', part[1] || '', part[2] || '']
    next[i] = v
    onInput(next.join('') === '' ? '' : next.join('-'))
  }
  const choice = (i: number, name: 'year' | 'month' | 'day', list: number[]) =>
    <select id={i === 0 ? id : undefined} aria-label={(label ? label + ' ' : '') + t(name)} aria-invalid={bad || undefined} value={part[i] || ''} onChange={e => put(i, e.currentTarget.value)}>
      <option value="">{t(name)}</option>{list.map(n => <option key={n} value={two(n)}>{n}</option>)}</select>
  return <div class="day">{choice(0, 'year', upTo(now + 10, 1900))}{choice(1, 'month', upTo(1, 12))}{choice(2, 'day', upTo(1, 31))}</div>
}

/** Day, hour and minute as `2026-01-31 09:00`. */
export function Moment({ id, label, value, bad, onInput }: DayProps) {
  const [day, time] = value.split(' ')
  const [hour, minute] = (time || '').split(':')
  const put = (d: string, h: string, m: string) => onInput(d === '' && h === '' ? '' : `${d} ${h || '09'}:${m || '00'}`)
  return <div><Day id={id} label={label} value={day || ''} bad={bad} onInput={d => put(d, hour || '', minute || '')} />
    <div class="day" style={{ marginTop: '8px' }}>
      <select aria-label={(label ? label + ' ' : '') + t('hour')} value={hour || ''} onChange={e => put(day || '', e.currentTarget.value, minute || '')}><option value="">{t('hour')}</option>{upTo(0, 23).map(n => <option key={n} value={two(n)}>{two(n)}</option>)}</select>
      <select aria-label={(label ? label + ' ' : '') + t('minute')} value={minute || ''} onChange={e => put(day || '', hour || '', e.currentTarget.value)}><option value="">{t('minute')}</option>{(minute && Number(minute) % 5 !== 0 ? [Number(minute)] : []).concat(Array.from({ length: 12 }, (_, i) => i * 5)).map(n => <option key={n} value={two(n)}>{two(n)}</option>)}</select></div></div>
}
