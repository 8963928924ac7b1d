// The kinds of blocks on a first screen.
import { collection, elder, go } from './state'
import { t, word, type Label } from '../i18n'
import { Icon } from '../kit/icon'
import { lazy } from '../kit/lazy'
import { Small } from '../kit/small'
import { Empty } from '../kit/state'
import { numbered } from '../kit/value'
import { ago, due, since, today } from '../kit/when'

export interface Item {
  id: string; collection: string; title: string; sub?: string; state?: string; state_text?: string; next?: string; next_action?: string; created_at: number
  at?: number; day?: string; late?: boolean; conflicts?: number; thumb?: string; what?: Label
}
export interface Tile { key?: string; label: Label; hint?: Label; icon?: string; to: string; collection?: string }
interface Figure { label: Label; n: number; before?: number; days?: number; tone?: string; collection: string; query: string }
export interface BlockData {
  kind: string; slot?: string; title?: Label; hint?: Label; empty?: Label; more?: string; collection?: string; query?: string
  total?: number; items?: Item[]; parts?: { collection: string; query: string; total: number }[]; figures?: Figure[]; tiles?: Tile[]; statistic?: string
}

const Chart = lazy(() => import('./stats').then(m => m.One))
const Nodes = lazy(() => import('./nodes').then(m => m.NodesTable))
const STATE_TONE: Record<string, string> = { returned: 'warn', refused: 'warn', overdue: 'bad', published: 'good', replied: 'good', closed: 'good', confirmed: 'good', done: 'good' }

const OLD_MS = 60 * 86400e3 // of what is older, the day it was added says nothing on a first screen

export function Row({ item, mine, plain, stale }: { item: Item; mine?: boolean; plain?: boolean; stale?: boolean }) {
  const found = collection(item.collection)
  const def = found ? found.def : undefined
  const over = item.late === false && (item.at ? item.at < Date.now() : !!item.day && item.day < today())
  const time = stale ? since(item.day) : over ? '' : due(item.at, item.day)
  const { no, rest } = numbered(item.title)
  const title = rest || item.sub || (def ? word(def.label) : item.id)
  const sub = [item.what ? word(item.what) : '', no, title === item.sub ? '' : item.sub].filter(x => x).join(' · ')
  return <li><a class="item" href={`/${item.collection}/${item.id}${mine && item.next_action ? '?do=' + item.next_action : ''}`}>
    {item.thumb && <Small src={`/api/v1/${item.collection}/${item.id}/files/${item.thumb}`} />}
    <span class="item-main"><span class="item-title">{title}</span>
      {sub && <span class="item-sub">{sub}</span>}</span>
    <span class="item-side">
      {item.state && !plain && <span class={'chip tone-' + (STATE_TONE[item.state] || 'plain')}>{item.state_text || item.state}</span>}
      {mine && item.next && <span class="chip tone-main">{t('next_one', { what: item.next })}</span>}
      {!!item.conflicts && <span class="chip tone-bad">{t('conflict')}</span>}
      {time ? <span class={item.late && !stale ? 'late' : 'quiet'}>{item.late && !stale && <Icon name="clock" />}{time}</span>
        : Date.now() - item.created_at < OLD_MS && <time class="quiet">{ago(item.created_at)}</time>}
    </span></a></li>
}

const listed = (block: BlockData) => block.more || (block.collection && collection(block.collection) ? `/${block.collection}${block.query ? '?' + block.query : ''}` : '')

/** The lists that have nothing in them, in a few lines at the end. */
export function Idle({ blocks }: { blocks: BlockData[] }) {
  return <section class="card block idle"><h2>{t('nothing_now')}</h2><ul>{blocks.map((b, i) => <li key={(b.slot || b.collection || '') + i}><Icon name="check" />
    {listed(b) ? <a href={listed(b)}>{word(b.title)}</a> : word(b.title)}<span class="quiet">{b.empty ? word(b.empty) : t('empty')}</span></li>)}</ul></section>
}

function Listed({ block }: { block: BlockData }) {
  const items = block.items || []
  const label = word(block.title)
  const one = /(^|&)state=[a-z_]+(&|$)/.test(block.query || '') // all of one state: the chip would say nothing
  const all = listed(block)
  return <section class={'card block block-' + block.kind}>
    <div class="block-head"><h2>{label} {!!block.total && <span class={'count' + (block.slot === 'red' ? ' count-bad' : '')}>{block.total}</span>}</h2>
      {all && items.length > 0 && <a class="more" href={all} aria-label={t('all') + ' ' + label}>{t('all')}</a>}</div>
    {block.hint && items.length > 0 && <p class="quiet">{word(block.hint)}</p>}
    {items.length === 0 ? <Empty text={block.empty && word(block.empty)} />
      : <ul class="plain">{items.map(i => <Row key={i.id} item={i} mine={block.slot === 'mine'} plain={one} stale={block.kind === 'stale' || undefined} />)}</ul>}
    {!all && (block.parts || []).length > 0 && Number(block.total) > items.length && <p class="parts">{(block.parts || []).map(p => { const c = collection(p.collection); return c && <a key={p.collection + p.query} class="chip" href={`/${p.collection}?${p.query}`}>{word(c.def.label)} {p.total}</a> })}</p>}
  </section>
}

function Urgent({ block }: { block: BlockData }) {
  return <section class="urgent" aria-label={word(block.title)}><Icon name="warn" />
    <ul class="plain">{(block.items || []).map(i => <li key={i.id}><a href={`/${i.collection}/${i.id}`}><b>{i.title}</b> <span>{i.sub} · {ago(i.created_at)}</span></a></li>)}</ul></section>
}

interface AlarmItem extends Label { n: number; name: string; raised_ms: number }

/** What is wrong with this node or one below it and nobody has taken note of yet. */
function Alarms({ block }: { block: BlockData }) {
  return <section class="urgent" aria-label={word(block.title)}><Icon name="warn" />
    <ul class="plain">{((block.items || []) as unknown as AlarmItem[]).map(a => <li key={a.n}><a href="/devices"><b>{a.name}</b> <span>{word(a)} · {ago(a.raised_ms)}</span></a></li>)}</ul></section>
}

function Tiles({ tiles }: { tiles: Tile[] }) {
  return <nav class={'tiles tiles-' + Math.min(tiles.length, 4)} aria-label={t('what_to_do')}>{tiles.slice(0, elder.value ? 4 : 8).map(x =>
    <a class="tile" key={x.to} href={x.to}><Icon name={x.icon} /><b>{word(x.label)}</b>{x.hint && <span class="quiet">{word(x.hint)}</span>}</a>)}</nav>
}

function Figures({ block }: { block: BlockData }) {
  return <section class="card block"><h2>{word(block.title)}</h2>
    <dl class="figures">{(block.figures || []).map(f => {
      const d = f.before === undefined ? 0 : f.n - f.before
      return <div key={f.collection + f.query} class={f.tone === 'bad' && f.n > 0 ? 'figure figure-bad' : 'figure'}><dt>{word(f.label)}</dt>
        <dd><a href={`/${f.collection}${f.query ? '?' + f.query : ''}`}>{f.n}</a>
          {f.before !== undefined && <span class="change">{d === 0 ? t('same_as_before') : t(d > 0 ? 'more_than' : 'less_than', { n: Math.abs(d) })}</span>}</dd></div>
    })}</dl></section>
}

function Search({ block }: { block: BlockData }) {
  return <form class="searchbar" role="search" onSubmit={e => {
    e.preventDefault()
    const q = (new FormData(e.target as HTMLFormElement).get('q') as string).trim()
    if (q) go('/search?q=' + encodeURIComponent(q))
  }}><Icon name="search" /><input name="q" type="search" aria-label={word(block.title)} placeholder={word(block.title)} autocomplete="off" /><button class="primary">{t('search')}</button></form>
}

/** `ready`: one that takes its height from what it asks for itself has it now. */
export function Block({ block, waits, ready }: { block: BlockData; waits?: boolean; ready?: () => void }) {
  switch (block.kind) {
    case 'urgent': return <Urgent block={block} />
    case 'alarms': return <Alarms block={block} />
    case 'tiles': return <Tiles tiles={block.tiles || []} />
    case 'actions': return <div class={'actions' + ((block.tiles || []).length > 3 ? ' actions-many' : '')} role="group" aria-label={block.title ? word(block.title) : t('what_to_do')}>{(block.tiles || []).map(x =>
      <a class="action" key={x.to} href={x.to}><Icon name={x.icon} />{word(x.label)}</a>)}</div>
    case 'figures': return <Figures block={block} />
    case 'search': return <Search block={block} />
    case 'nodes': return <section class={waits ? 'block tall' : 'block'}><h2>{word(block.title)}</h2><Nodes ready={ready} /></section>
    case 'chart': return <section class="card block"><Chart code={block.statistic || ''} title={word(block.title)} /></section>
    default: return <Listed block={block} />
  }
}
