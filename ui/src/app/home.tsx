// The first screen of a role: blocks that the modules define and the node fills (node/module/README "First screens").
import { useEffect, useRef, useState } from 'preact/hooks'
import { call } from './api'
import { desk, elder, session, status } from './state'
import { lang, t, word } from '../i18n'
import { Block, Idle, type BlockData } from './blocks'
import { Waiting } from '../kit/state'
import { Icon } from '../kit/icon'

interface Screen { role: string; blocks: BlockData[] }
let early: Promise<Screen> | null = null

/** Asked for together with who is here, not after it, and in Chinese by the page itself (build.mjs): a way there and back less. */
export function ahead(): void {
  early = call<Screen>('GET', '/screen?lang=' + lang.value)
  early.then(() => undefined, () => undefined)
}

let kept: { for: string; blocks: BlockData[] } | null = null // the last one, so that going back shows it at once

const LEAD = ['urgent', 'alarms', 'search', 'tiles', 'actions', 'nodes', 'figures'] // over both columns at a desk
const LISTS = ['list', 'stale', 'conflicts']

const FIRST = 2 // blocks that fill a phone's screen: drawn at once, the others one by one, so that an old phone answers a tap in between
const MORE = 1
const LATE_MS = 4000 // nothing waits longer for a table above it

/** Two columns of about one height at a desk, each in the order of the ranks. */
function columns(blocks: BlockData[]): BlockData[][] {
  const out: BlockData[][] = [[], []]
  const height = [0, 0]
  for (const b of blocks) {
    const to = height[0] <= height[1] ? 0 : 1
    out[to].push(b)
    height[to] += 2 + (b.items ? b.items.length : 5)
  }
  return out
}

export function Home() {
  const s = session.value
  const role = s ? s.role : 'guest'
  const who = (s && s.account ? s.account.id : '') + '/' + role + '/' + lang.value
  const [blocks, setBlocks] = useState<BlockData[] | null>(kept && kept.for === who ? kept.blocks : null)
  const [wrong, setWrong] = useState('')
  const [most, setMost] = useState(blocks ? blocks.length : FIRST)
  const [nodes, setNodes] = useState(blocks !== null) // their table is there: what stands below it waits for that, so as not to jump
  const seq = status.value ? status.value.seq : -1
  const asked = useRef({ who: '', seq: -1, n: 0 })
  useEffect(() => () => { asked.current.n = -1 }, [])
  useEffect(() => {
    const was = asked.current
    if (!s) return
    asked.current = { who, seq, n: was.n + 1 }
    if (was.who === who && was.seq < 0) return // how far the node is was not known before: nothing happened since
    const turn = was.n + 1
    const answer = early || call<Screen>('GET', '/screen?role=' + role)
    early = null
    if (kept && kept.for !== who) setBlocks(null)
    const here = () => asked.current.n >= turn && asked.current.who === who
    answer.then(h => (h.role === role ? h : call<Screen>('GET', '/screen?role=' + role))).then(h => {
      kept = { for: who, blocks: h.blocks }
      if (here()) setBlocks(h.blocks)
      setWrong('')
    }, e => here() && setWrong(word(e)))
  }, [who, seq, s !== null])
  useEffect(() => {
    if (!blocks || most >= blocks.length) return
    const later = setTimeout(() => setMost(most + MORE), 0)
    return () => clearTimeout(later)
  }, [blocks, most])
  useEffect(() => {
    if (!blocks) return
    const late = setTimeout(() => setNodes(true), LATE_MS)
    return () => clearTimeout(late)
  }, [blocks !== null])
  if (!s) return <div class="tall"><div class="hello" /><Waiting lines={6} /></div>
  const all = blocks || []
  const plain = elder.value && (role === 'resident' || role === 'guest') // four large tiles and what is one's own; who has work here keeps all of it, one below the other
  const shown = plain ? all.filter(b => b.kind === 'urgent' || b.kind === 'tiles' || b.slot === 'mine') : all
  const idle = shown.filter(b => LISTS.indexOf(b.kind) >= 0 && b.slot !== 'mine' && (b.items || []).length === 0)
  const busy = idle.length > 1 ? shown.filter(b => idle.indexOf(b) < 0) : shown
  const stop = nodes ? -1 : busy.map(b => b.kind).indexOf('nodes')
  const full = busy.slice(0, stop < 0 ? most : Math.min(most, stop + 1))
  const two = desk.value && !elder.value
  const work = busy.filter(b => LEAD.indexOf(b.kind) < 0)[0] // tiles behind it are for who has work here first
  const leads = (b: BlockData) => LEAD.indexOf(b.kind) >= 0 && (b.kind !== 'tiles' || !work || busy.indexOf(b) < busy.indexOf(work))
  const lead = two ? full.filter(leads) : full
  const rest = two ? full.filter(b => !leads(b)) : []
  const draw = (b: BlockData, i: number) => <Block key={b.kind + b.slot + b.collection + i} block={b} waits={!nodes} ready={() => setNodes(true)} />
  return <>
    <div class="hello"><h1>{s.account ? t('hello', { who: s.account.shown_name }) : s.node.name}</h1>
      {!s.account && <a class="button primary" href="/login"><Icon name="login" />{t('login')}</a>}</div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {lead.map(draw)}
    {rest.length > 0 && <div class="cards">{columns(rest).map((col, k) => <div key={k}>{col.map(draw)}</div>)}</div>}
    {blocks ? busy.length > full.length && (stop < 0 || full.length <= stop) && <div key={'more' + most} class="tall"><Waiting lines={3} /></div> : !wrong && <div key="first" class="tall"><Waiting lines={6} /></div>}
    {idle.length > 1 && busy.length === full.length && <Idle blocks={idle} />}
  </>
}
