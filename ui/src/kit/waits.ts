// How what has no receipt yet is marked: a box waits for its district, a laptop's work is provisional until its box signs for it.
import { session, status } from '../app/state'
import type { Rec } from '../app/types'
import { t } from '../i18n'

/** Not signed for when it was read, and something of this node still is not: the strip above knows of receipts first. */
export const pending = (r: Rec) => r.provisional && !(status.value && status.value.sync.unsent + status.value.sync.unsealed === 0)
export const waits = () => t(session.value && session.value.node.role === 'laptop' ? 'provisional_laptop' : 'provisional')
