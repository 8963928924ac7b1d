// Times in words: what is due, what is late, how old something is. A day ends with the day in China, where all communities are.
import { t } from '../i18n'

const HOUR = 3600e3
export const CHINA_MS = 8 * HOUR
export const today = (now = Date.now()) => new Date(now + CHINA_MS).toISOString().slice(0, 10)
const dayNumber = (day: string) => Date.parse(day + 'T00:00:00Z') / (24 * HOUR)

export function due(at: number | undefined, day: string | undefined, now = Date.now()): string {
  if (day) {
    const n = dayNumber(day) - dayNumber(today(now))
    return n === 0 ? t('due_today') : n > 0 ? t('due_days', { n }) : t('late_days', { n: -n })
  }
  if (!at) return ''
  const hours = Math.floor(Math.abs(at - now) / HOUR)
  if (at >= now) return hours < 24 ? t('due_hours', { n: Math.max(1, hours) }) : t('due_days', { n: Math.floor(hours / 24) })
  return hours < 24 ? t('late_hours', { n: Math.max(1, hours) }) : t('late_days', { n: Math.floor(hours / 24) })
}

/** How long something has not been checked. */
export const since = (day: string | undefined) => (day ? t('unchecked_days', { n: dayNumber(today()) - dayNumber(day) }) : t('never_checked'))

export function ago(ms: number, now = Date.now()): string {
  const min = Math.floor((now - ms) / 60e3)
  if (min < 1) return t('just_now')
  if (min < 60) return t('min_ago', { n: min })
  if (min < 24 * 60) return t('hours_ago', { n: Math.floor(min / 60) })
  return min < 30 * 24 * 60 ? t('days_ago', { n: Math.floor(min / 1440) }) : new Date(ms + CHINA_MS).toISOString().slice(0, 10)
}
