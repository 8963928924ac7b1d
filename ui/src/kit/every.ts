// All rows of a query, page by page.
import { call } from '../app/api'
import type { Rec } from '../app/types'

interface Page { items: Rec[]; next: string | null }

export async function every(path: string, most = 2000): Promise<Rec[]> {
  let out: Rec[] = []
  let cursor: string | null = ''
  while (cursor !== null && out.length < most) {
    const got: Page = await call<Page>('GET', `${path}${path.indexOf('?') < 0 ? '?' : '&'}limit=200${cursor ? '&cursor=' + cursor : ''}`)
    out = out.concat(got.items)
    cursor = got.next
  }
  return out
}
