// What refers to a record, collection by collection, with the way to add another.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { collection } from '../app/state'
import type { Collection, Rec } from '../app/types'
import { lang, t, word } from '../i18n'
import { Row, type Item } from '../app/blocks'
import { Icon } from './icon'

interface Group { collection: string; field: string; total: number; items: Item[] }

export function Related({ def, rec, version }: { def: Collection; rec: Rec; version: string }) {
  const [groups, setGroups] = useState<Group[]>([])
  useEffect(() => {
    let on = true
    call<{ groups: Group[] }>('GET', `/${def.name}/${rec.id}/related`).then(g => on && setGroups(g.groups), () => on && setGroups([]))
    return () => { on = false }
  }, [rec.id, version, lang.value])
  const named = (g: Group, c: Collection) => {
    const field = c.fields.find(f => f.name === g.field)
    return word(c.label) + (field && groups.filter(x => x.collection === g.collection).length > 1 ? `（${word(field.label)}）` : '')
  }
  const add = (g: Group, c: Collection) => {
    const field = c.fields.find(f => f.name === g.field)
    return !rec.erased && c.can.create && field !== undefined && !field.readonly && !field.internal
  }
  const known: { g: Group; c: Collection }[] = []
  for (const g of groups) {
    const found = collection(g.collection)
    if (found) known.push({ g, c: found.def })
  }
  const empty = known.filter(x => x.g.total === 0 && add(x.g, x.c))
  const link = (g: Group, text: string) => <a class="button" href={`/${g.collection}/new?${g.field}=${rec.id}`} key={g.collection + g.field}><Icon name="add" />{text}</a>
  return <>{known.filter(x => x.g.total > 0).map(({ g, c }) => <section class="card block" key={g.collection + g.field}>
    <div class="block-head"><h2>{named(g, c)} <span class="count">{g.total}</span></h2>
      {g.total > g.items.length && <a class="more" href={`/${g.collection}?${g.field}=${rec.id}`} aria-label={t('all') + ' ' + named(g, c)}>{t('all')}</a>}</div>
    <ul class="plain">{g.items.map(i => <Row key={i.id} item={i} />)}</ul>
    {add(g, c) && <p class="no-print">{link(g, t('add_one', { what: word(c.label) }))}</p>}</section>)}
    {empty.length > 0 && <section class="card no-print"><h2>{t('add_related')}</h2><div class="row">{empty.map(({ g, c }) => link(g, named(g, c)))}</div></section>}
  </>
}
