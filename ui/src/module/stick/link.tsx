// The link to the parent: how it goes just now, and its terms: proxy, hours, rate, paid by volume.
import { useEffect, useState } from 'preact/hooks'
import { call, said } from '../../app/api'
import { w } from '../../i18n/link'
import { Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'

interface Terms { proxy: string; window: string; rate_kbit: number; metered: boolean }
interface LinkState extends Terms { parent: string; last: { alone: boolean; running: boolean; error: string; failures: number; done_ms: number; next_ms: number; opens_ms: number; sent_bytes: number; got_bytes: number } }
const kb = (n: number) => `${Math.ceil(n / 1024)} KB`

function Now({ l }: { l: LinkState }) {
  const s = l.last
  const rows: [string, string][] = [[w('parent'), l.parent],
    [w('state'), s.running ? w('running') : s.failures ? w('bad', { why: s.error }) : s.done_ms ? w('good', { at: stamp(s.done_ms) }) : w('never')],
    [w('next'), s.opens_ms ? w('opens', { at: stamp(s.opens_ms) }) : s.next_ms ? stamp(s.next_ms) : ''], [w('moved'), w('bytes', { sent: kb(s.sent_bytes), got: kb(s.got_bytes) })]]
  return <dl>{rows.map(([k, v]) => <div key={k}><dt>{k}</dt><dd class="wrap">{v}</dd></div>)}</dl>
}

export function Link() {
  const [l, setLink] = useState<LinkState | null>(null)
  const [terms, setTerms] = useState<Terms | null>(null)
  const [wrong, setWrong] = useState('')
  const [saved, setSaved] = useState(false)
  const fail = (e: unknown) => setWrong(said(e))
  useEffect(() => {
    const load = () => call<LinkState>('GET', '/uplink').then(x => { setLink(x); setTerms(t => t || { proxy: x.proxy, window: x.window, rate_kbit: x.rate_kbit, metered: x.metered }) }, fail)
    void load()
    const timer = setInterval(load, 5000)
    return () => clearInterval(timer)
  }, [])
  const change = (part: Partial<Terms>) => { setTerms(t => t && { ...t, ...part }); setSaved(false) }
  const save = (e: Event) => {
    e.preventDefault()
    setWrong('')
    setSaved(false)
    call<LinkState>('PATCH', '/uplink', terms).then(x => { setLink(x); setSaved(true) }, fail)
  }
  return <><h1>{w('title')}</h1><p class="quiet">{w('what')}</p>
    {!l && !wrong && <Waiting />}
    {l && l.last.alone && <p class="card">{w('alone')}</p>}
    {l && !l.last.alone && <section class="card"><Now l={l} /></section>}
    {l && !l.last.alone && terms && <form class="card form" onSubmit={save}>
      <label for="l-window">{w('window')}</label><input id="l-window" value={terms.window} pattern="[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]" aria-describedby="l-window-hint" onInput={e => change({ window: e.currentTarget.value.trim() })} />
      <p class="quiet" id="l-window-hint">{w('window_hint')}</p>
      <label for="l-rate">{w('rate')}</label><input id="l-rate" type="number" min="0" max="10000000" value={terms.rate_kbit} aria-describedby="l-rate-hint" onInput={e => change({ rate_kbit: Number(e.currentTarget.value) })} />
      <p class="quiet" id="l-rate-hint">{w('rate_hint')}</p>
      <label for="l-proxy">{w('proxy')}</label><input id="l-proxy" value={terms.proxy} inputMode="url" aria-describedby="l-proxy-hint" onInput={e => change({ proxy: e.currentTarget.value.trim() })} />
      <p class="quiet" id="l-proxy-hint">{w('proxy_hint')}</p>
      <div class="checks"><label><input type="checkbox" checked={terms.metered} onChange={e => change({ metered: e.currentTarget.checked })} /> {w('metered')}</label></div>
      <p class="quiet">{w('metered_hint')}</p>
      <div class="row"><button type="submit" class="primary">{w('save')}</button></div>
      {saved && <p role="status">{w('saved')}</p>}
    </form>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </>
}
