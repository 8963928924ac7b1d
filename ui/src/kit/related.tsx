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
  return <>{groups.map(g => {
    const c = collection(g.collection)
    if (!c) return null
    const field = c.def.fields.find(f => f.name === g.field)
    const label = word(c.def.label) + (field && groups.filter(x => x.collection === g.collection).length > 1 ? `（${word(field.label)}）` : '')
    const addable = c.def.can.create && field && !field.readonly && !field.internal
    if (g.total === 0 && !addable) return null
    return <section class="card block" key={g.collection + g.field}>
      <div class="block-head"><h2>{label} {g.total > 0 && <span class="count">{g.total}</span>}</h2>
        {g.total > g.items.length && <a class="more" href={`/${g.collection}?${g.field}=${rec.id}`}>{t('all')}</a>}</div>
      {g.items.length > 0 && <ul class="plain">{g.items.map(i => <Row key={i.id} item={i} />)}</ul>}
      {addable && <p class="no-print"><a class="button" href={`/${g.collection}/new?${g.field}=${rec.id}`}><Icon name="add" />{t('add_one', { what: word(c.def.label) })}</a></p>}
    </section>
  })}</>
}
