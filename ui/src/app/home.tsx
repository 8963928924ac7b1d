// The first screen of each role: what to do, what is mine, what is new; and the way to everything else.
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { collection, modules, session, status } from './state'
import type { Collection } from './types'
import { t, word, type Label } from '../i18n'
import { stamp } from '../kit/value'

interface Item { id: string; collection: string; title: string; created_at: number; state?: string; due?: number }
interface Block { kind: string; collection: string; title: Label; items: Item[] }

function Row({ item, def }: { item: Item; def: Collection | undefined }) {
  const late = item.due !== undefined && item.due < Date.now()
  return <li><a href={`/${item.collection}/${item.id}`}>
    <span class="grow">{item.title || item.id}</span>
    {def && def.workflow && item.state && <span class="chip">{word(def.workflow.states[item.state], item.state)}</span>}
    {late && <span class="chip chip-bad">{t('overdue')}</span>}
    <time class="quiet">{stamp(item.created_at)}</time>
  </a></li>
}

function Card({ block }: { block: Block }) {
  const found = collection(block.collection)
  return <section class="card">
    <div class="row"><h2 class="grow">{word(block.title)} <span class="count">{block.items.length}</span></h2>
      {found && <a href={'/' + block.collection + (block.kind === 'stale' ? '?stale=1' : '')}>{t('all')}</a>}</div>
    {block.items.length === 0 ? <p class="quiet">{t('empty')}</p>
      : <ul class="plain">{block.items.slice(0, 6).map(i => <Row key={i.id} item={i} def={found ? found.def : undefined} />)}</ul>}
  </section>
}

const ACTIONS = ['ticket', 'notice', 'news', 'person', 'change_request']

export function Home() {
  const [blocks, setBlocks] = useState<Block[] | null>(null)
  const role = session.value ? session.value.role : 'guest'
  const who = session.value && session.value.account ? session.value.account.id : ''
  const seq = status.value ? status.value.seq : 0
  useEffect(() => {
    let on = true
    call<{ blocks: Block[] }>('GET', '/home?role=' + role).then(h => on && setBlocks(h.blocks), () => on && setBlocks([]))
    return () => { on = false }
  }, [role, who, seq])
  const actions = ACTIONS.map(collection).filter(c => c !== null).filter(c => c.def.can.create)
  const upper = session.value !== null && session.value.node.role !== 'community' && session.value.account !== null
  return <>
    <h1>{session.value ? session.value.node.name : '邻里'}</h1>
    {actions.length > 0 && session.value && session.value.account && <div class="row">
      {actions.map((c, i) => <a class={i === 0 ? 'button primary' : 'button'} key={c.def.name} href={`/${c.def.name}/new`}>
        {t('new_one', { what: word(c.def.label) })}</a>)}
      {upper && <a class="button" href="/nodes">{t('nodes')}</a>}
    </div>}
    {!blocks && <p role="status">{t('loading')}</p>}
    <div class="cards">{blocks && blocks.map((b, i) => <Card key={b.kind + b.collection + i} block={b} />)}</div>
    <h2>{t('sections')}</h2>
    <div class="tiles">{modules.value.filter(m => m.enabled).map(m => m.collections.filter(c => c.list).slice(0, 4).map(c =>
      <a class="tile" key={c.name} href={'/' + c.name}>{word(c.label, c.name)}</a>))}</div>
  </>
}
