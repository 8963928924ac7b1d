// A code set, whichever module defines it.
import { modules } from '../app/state'
import type { Code } from '../app/types'

export function codesOf(name: string): Code[] {
  for (const m of modules.value) if (m.codes[name]) return m.codes[name]
  return []
}
