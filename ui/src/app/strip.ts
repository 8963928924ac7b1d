// The words of the sync strip. 已同步 needs the node's own word for it: everything unknown says so.
import type { Status } from './types'

export type StripKey = 'unreachable' | 'unknown' | 'synced' | 'pending' | 'offline' | 'alone' | 'stopped' | 'doubt' | 'forked' | 'window' | 'metered'

export function strip(status: Status | null, reachable: boolean): { key: StripKey; n: number; at?: number } {
  if (!reachable) return { key: 'unreachable', n: 0 }
  if (!status) return { key: 'unknown', n: 0 }
  const n = status.sync.unsent + status.sync.unsealed
  const state = status.sync.state === 'synced' && n > 0 ? 'pending' : status.sync.state
  // it waits on purpose: for its hour, or because each sync costs
  if (state === 'pending' && status.sync.opens_ms) return { key: 'window', n, at: status.sync.opens_ms }
  if (state === 'pending' && status.sync.metered && status.sync.next_ms) return { key: 'metered', n, at: status.sync.next_ms }
  return { key: state, n }
}
