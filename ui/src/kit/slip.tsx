// A slip's paper: the upper half of an A4 sheet, to be cut off, or the roll of a receipt printer. Remembered on the device, as its printer is.
import { useState } from 'preact/hooks'
import { t } from '../i18n'

const KEY = 'slip-roll'
function kept(): boolean {
  try { return localStorage.getItem(KEY) === '1' } catch (e) { return false }
}

/** The class of what is printed, and the choice above it. */
export function usePaper() {
  const [roll, setRoll] = useState(kept)
  function put(on: boolean) {
    setRoll(on)
    try { localStorage.setItem(KEY, on ? '1' : '') } catch (e) { /* for this page only */ }
  }
  const one = (on: boolean, words: string) => <button type="button" aria-pressed={roll === on} onClick={() => put(on)}>{words}</button>
  return { paper: roll ? 'slip slip-roll' : 'slip slip-half', choice: <div class="row no-print kinds" role="group" aria-label={t('paper')}>{one(false, t('half_a4'))}{one(true, t('roll_80'))}</div> }
}
