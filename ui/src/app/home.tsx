// The first screen of a role: blocks that the modules define and the node fills (node/module/README "First screens").
import { useEffect, useState } from 'preact/hooks'
import { call } from './api'
import { desk, elder, session, status } from './state'
import { lang, t, word } from '../i18n'
import { Block, type BlockData } from './blocks'
import { Waiting } from '../kit/state'
import { Icon } from '../kit/icon'

let kept: { for: string; blocks: BlockData[] } | null = null // the last one, so that going back shows it at once

/** Two columns of about one height at a desk, each in the order of the ranks; one on a phone. */
function columns(blocks: BlockData[]): BlockData[][] {
  if (!desk.value || elder.value) return [blocks]
  const out: BlockData[][] = [[], []]
  const height = [0, 0]
  for (const b of blocks) {
    const to = height[0] <= height[1] ? 0 : 1
    out[to].push(b)
    height[to] += 2 + (b.items ? b.items.length : 1)
  }
  return out
}

export function Home() {
  const s = session.value
  const role = s ? s.role : 'guest'
  const who = (s && s.account ? s.account.id : '') + '/' + role + '/' + lang.value
  const [blocks, setBlocks] = useState<BlockData[] | null>(kept && kept.for === who ? kept.blocks : null)
  const [wrong, setWrong] = useState('')
  const seq = status.value ? status.value.seq : 0
  useEffect(() => {
    let on = true
    if (!s) return
    if (kept && kept.for !== who) setBlocks(null)
    call<{ blocks: BlockData[] }>('GET', '/screen?role=' + role).then(h => {
      kept = { for: who, blocks: h.blocks }
      if (on) setBlocks(h.blocks)
      setWrong('')
    }, e => on && setWrong(word(e)))
    return () => { on = false }
  }, [who, seq, s !== null])
  if (!s) return <Waiting />
  const shown = (blocks || []).filter(b => !elder.value || b.kind === 'urgent' || b.kind === 'tiles' || b.slot === 'mine')
  const wide = shown.filter(b => b.kind !== 'list' && b.kind !== 'stale' && b.kind !== 'conflicts')
  const narrow = shown.filter(b => wide.indexOf(b) < 0)
  return <>
    <div class="hello"><h1>{s.account ? t('hello', { who: s.account.shown_name }) : s.node.name}</h1>
      {!s.account && <a class="button primary" href="/login"><Icon name="login" />{t('login')}</a>}</div>
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {!blocks && !wrong && <Waiting lines={6} />}
    {wide.map((b, i) => <Block key={b.kind + b.slot + i} block={b} />)}
    <div class="cards">{columns(narrow).map((col, k) => <div key={k}>{col.map((b, i) => <Block key={b.kind + b.collection + i} block={b} />)}</div>)}</div>
  </>
}
