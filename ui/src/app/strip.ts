// The words of the sync strip. 已同步 needs the node's own word for it: everything unknown says so.
import type { Status } from './types'

export type StripKey = 'unreachable' | 'unknown' | 'synced' | 'pending' | 'offline' | 'alone' | 'stopped' | 'doubt' | 'forked'

export function strip(status: Status | null, reachable: boolean): { key: StripKey; n: number } {
  if (!reachable) return { key: 'unreachable', n: 0 }
  if (!status) return { key: 'unknown', n: 0 }
  const n = status.sync.unsent + status.sync.unsealed
  if (status.sync.state === 'synced' && n > 0) return { key: 'pending', n }
  return { key: status.sync.state, n }
}
