// Shapes of node/module/README.md and node/web/README.md, as far as the pages use them.
import type { Label } from '../i18n'

export interface Field {
  default?: unknown
  name: string; type: string; label: Label; required?: boolean; mark?: string; codes?: string; keys?: string; to?: string
  items?: Field[]; max?: number; min?: number; readonly?: boolean; internal?: boolean; correct?: boolean; once?: boolean; help?: Label; check?: string; staff?: boolean
}
export interface Step { action: string; from?: string[]; to: string; note?: string; home?: string; label: Label; sets?: string[]; adds?: { collection: string; ref: string } }
export interface Collection {
  name: string; version?: number; label: Label; fields: Field[]; list?: string[]; title?: string[]; log?: boolean; behalf?: boolean; fresh_days?: number
  audience?: string | { after?: string; when?: string[]; if?: string }
  guest?: Record<string, string[]>; similar?: { place: string; geo: string }
  filters?: string[]; sort?: string; number?: string; search?: string[]; menu?: boolean | string[]
  workflow?: { first: string; final: string[]; states: Record<string, Label>; steps: Step[] }; can: { create: boolean; update: boolean; delete: boolean }
}
export interface Code extends Label { code: string }
export interface Module { module: string; label: Label; rank: number; enabled: boolean; codes: Record<string, Code[]>; collections: Collection[] }
export interface Session {
  account: { id: string; login: string; shown_name: string; elder_mode: boolean; person?: string; level?: string } | null
  staff?: boolean; principals?: { person: string; name?: string; scope: string[] }[]; roles: string[]; role: string; memberships?: { home: string }[]; node: { name: string; role: string; region: string; version: string }
}
export interface ConflictValue {
  value: unknown; change: string; op: string; user_name?: string; node: string; node_name?: string; at: number
  fields?: Record<string, unknown>; holds?: boolean; taken?: boolean; action?: string
}
export interface Conflict { unit: string; values: ConflictValue[] }
export interface Rec {
  id: string; collection: string; version_etag: string; state?: string; stale?: boolean; actions?: string[]; provisional: boolean
  created_at: number; region?: string; merged?: string[]; conflict_count?: number; conflicts?: Conflict[]; title?: string; can?: { update: boolean; delete: boolean }; masked?: string[]; outline?: boolean; erased?: boolean; due_note?: string; refs?: Record<string, Record<string, string>>; words?: Record<string, Record<string, string>>; f: Record<string, unknown>
}
/** What waits on the device until the node is in reach: a new record; a correction of one as it was at `etag`; a step. `draft` is what was
 *  typed, and where it belongs, so that what the node refuses can be filled in again. */
export interface Waiting {
  key: string; collection: string; body: Record<string, unknown>; title: string; at: number; wrong?: Label
  act?: 'set' | 'step'; record?: string; etag?: string; what?: Label; draft?: { place: string; value: unknown }
}
export interface Status { sync: { state: 'synced' | 'pending' | 'offline' | 'alone' | 'stopped' | 'doubt' | 'forked'; unsent: number; unsealed: number; next_ms?: number; opens_ms?: number; metered?: boolean; conflicts?: number; refused?: number; not_taken?: number; duplicates?: number }; seq: number }
