// How what has no receipt yet is marked: a box waits for its district, a laptop's work is provisional until its box signs for it.
import { session } from '../app/state'
import { t } from '../i18n'

export const waits = () => t(session.value && session.value.node.role === 'laptop' ? 'provisional_laptop' : 'provisional')
