// What was typed and not sent yet, kept on the device for the one who typed it, through reload, outage and an expired session;
// at logout its owner says whether it stays (app/leave.tsx).
import type { Draft } from './fields'

const PREFIX = 'draft/'

/** null when there is none, or the form has other fields now. */
export function readDraft(place: string, empty: Draft): Draft | null {
  try {
    const d = JSON.parse(localStorage.getItem(PREFIX + place) || 'null') as Draft | null
    const same = (a: object, b: object) => Object.keys(a).join() === Object.keys(b).join()
    return d && same(d.text, empty.text) && same(d.files, empty.files) ? d : null
  } catch (e) {
    return null
  }
}

/** Any other shape: what `ok` accepts of what was kept. */
export function readKept<T>(place: string, ok: (x: T) => boolean): T | null {
  try {
    const d = JSON.parse(localStorage.getItem(PREFIX + place) || 'null') as T | null
    return d && ok(d) ? d : null
  } catch (e) {
    return null
  }
}

export function writeDraft(place: string, d: unknown): void {
  try {
    localStorage.setItem(PREFIX + place, JSON.stringify(d))
  } catch (e) { /* storage refused or full: the form works without */ }
}

export function dropDraft(place: string): void {
  try {
    localStorage.removeItem(PREFIX + place)
  } catch (e) { /* nothing was kept either */ }
}

const kept = () => Object.keys(localStorage).filter(k => k.indexOf(PREFIX) === 0)

export function countDrafts(): number {
  try {
    return kept().length
  } catch (e) {
    return 0
  }
}

export function dropDrafts(): void {
  try {
    for (const k of Object.keys(localStorage)) if (k.indexOf(PREFIX) === 0 || k.indexOf('outbox/') === 0) localStorage.removeItem(k)
  } catch (e) { /* nothing was kept either */ }
}
