// Two languages side by side: a key without both does not compile.
import { signal } from '@preact/signals'
import { app } from './app'

export type Lang = 'zh' | 'en'
export interface Label { zh: string; en: string }

export const lang = signal<Lang>('zh')

export function setLang(next: Lang): void {
  lang.value = next
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

type Values = Record<string, string | number>

/** Values in their places; one of a thing has no s in English. */
function fill(text: string, values: Values): string {
  const s = text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
  return lang.value === 'zh' ? s : s.replace(/\b1 (day|hour|working day|person)s\b/g, '1 $1')
}

/** A module's own words, spoken as t() speaks the shell's. */
export function speak<K extends string>(words: Record<K, [string, string]>): (key: K, values?: Values) => string {
  return (key, values = {}) => fill(words[key][lang.value === 'zh' ? 0 : 1], values)
}

export function t(key: keyof typeof app, values: Values = {}): string {
  return fill(app[key][lang.value === 'zh' ? 0 : 1], values)
}

/** A word in both languages, for what is kept and read later. */
export const both = (key: keyof typeof app): Label => ({ zh: app[key][0], en: app[key][1] })

/** The label of something the node defines; English falls back to Chinese, never to nothing. */
export function word(label: Partial<Label> | undefined, fallback = ''): string {
  return (label && (label[lang.value] || label.zh || label.en)) || fallback
}
