// What the voting screens share: a survey's questions in order, and its turnout.
export interface Option { label: string; limit?: number }
export interface Question { id: string; no: number; kind: string; label: string; options?: Option[]; most?: number; required?: boolean; show_if?: { no?: string; is?: string } }
export interface Turnout { heads: number; heads_all: number; area: string; area_all: string; quorum?: boolean; ballots?: number; paper?: number }
export interface Ballot { state: string; questions: Question[]; rolls: { roll: string; name: string; area: string; voted: string }[]; turnout: Turnout }
export type Answers = Record<string, string | number | string[]>

export const inOrder = (list: Question[]) => list.slice().sort((a, b) => a.no - b.no)
export function shown(q: Question, answers: Answers): boolean {
  if (!q.show_if || !q.show_if.no) return true
  const given = answers[q.show_if.no]
  return Array.isArray(given) ? given.indexOf(q.show_if.is || '') >= 0 : given === q.show_if.is
}
/** 12.3 % of a whole, "–" of nothing. */
export const percent = (part: number, whole: number) => (whole > 0 ? (Math.round((part * 1000) / whole) / 10).toFixed(1) + '%' : '–')
