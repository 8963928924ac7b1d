// Memory sticks: writing one as a download, taking one in after a look at what it holds.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, post, said as why } from '../../app/api'
import { t, word } from '../../i18n'
import { w } from '../../i18n/stick'
import { Icon } from '../../kit/icon'
import { lazy } from '../../kit/lazy'
import { Empty, Waiting } from '../../kit/state'
import { stamp } from '../../kit/value'
import { fromFolder, fromTar, text, type Letter } from './tar'

const Late = lazy(() => import('../node/rescue').then(m => m.Late))

interface Receiver { node: string; kind: 'parent' | 'child'; name: string; region: string }
interface Written { to: string; name: string; files: number; segments: number; keys: number; attachments: number; bytes: number }
interface Taken { segments: number; changes: number; refused: number; keys: number; attachments: number; failed: number; why: string }
interface Looked {
  folder: string; from: string; from_name: string; to: string; to_name: string; at: number; verdict: string; zh: string; en: string
  segments: number; new: number; bytes: number; keys: number; attachments: number; files: { name: string; size: number }[]; taken?: Taken
}
const size = (n: number) => (n < 1 << 20 ? `${Math.max(1, Math.round(n / 1024))} KB` : `${(n / (1 << 20)).toFixed(1)} MB`)
const facts = (l: { segments: number; new?: number; keys: number; attachments: number; bytes: number }): [string, string | number][] => [
  [w('segments'), l.new === undefined ? l.segments : w('n_new', { n: l.segments, new: l.new })], [w('keys'), l.keys], [w('attachments'), l.attachments], [w('size'), size(l.bytes)]]
const List = ({ rows }: { rows: [string, string | number][] }) => <dl>{rows.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v}</dd></div>)}</dl>

function Write({ receivers }: { receivers: Receiver[] }) {
  const [chosen, setChosen] = useState(receivers.filter(r => r.kind === 'parent' || receivers.length === 1).map(r => r.node))
  const [all, setAll] = useState(false)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const [made, setMade] = useState<{ id: string; letters: Written[] } | null>(null)
  const make = (e: Event) => {
    e.preventDefault()
    setBusy(true)
    setMade(null)
    setWrong('')
    call<{ id: string; letters: Written[] }>('POST', '/sticks', { to: chosen, all }).then(setMade, x => setWrong(why(x))).then(() => setBusy(false))
  }
  const toggle = (node: string) => setChosen(chosen.indexOf(node) < 0 ? chosen.concat(node) : chosen.filter(n => n !== node))
  return <section class="card"><h2>{w('write')}</h2>
    {receivers.length === 0 ? <Empty text={w('nobody')} /> : <form class="form" onSubmit={make}>
      <fieldset class="entry"><legend>{w('for_whom')}</legend>
        <div class="checks">{receivers.map(r => <label key={r.node}><input type="checkbox" checked={chosen.indexOf(r.node) >= 0} onChange={() => toggle(r.node)} /> {r.name} {w(r.kind)} · {r.region}</label>)}</div>
      </fieldset>
      <div class="checks"><label><input type="checkbox" checked={all} onChange={() => setAll(!all)} /> {w('all')}</label></div>
      <div class="row"><button type="submit" class="primary" disabled={busy || chosen.length === 0}>{busy ? w('making') : w('make')}</button></div>
    </form>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {made && <div role="status"><p>{w('made')}</p>
      {made.letters.map(l => <div key={l.to}><h3>{w('to')} {l.name}</h3><List rows={facts(l)} /></div>)}
      <p><a class="button" download href={'/api/v1/sticks/' + made.id}>{w('download', { size: size(made.letters.reduce((n, l) => n + l.bytes, 0)) })}</a></p></div>}
  </section>
}

function One({ first, files }: { first: Looked; files: Letter }) {
  const [l, setLooked] = useState(first)
  const [sent, setSent] = useState(-1)
  const [wrong, setWrong] = useState('')
  async function take() {
    setWrong('')
    setSent(0)
    try {
      const begun = await call<Looked>('POST', '/sticks/in', { index: await text(files.get('index.json')), sig: await text(files.get('index.json.sig')) })
      let n = 0
      for (const f of begun.files) {
        const bytes = files.get(f.name)
        if (bytes) await post(`/sticks/in/${begun.folder}/${f.name}`, bytes) // one that is missing the node finds out and says
        setSent(++n)
      }
      setLooked(await call<Looked>('POST', '/sticks/in/' + begun.folder, {}))
    } catch (e) {
      setWrong(why(e))
    }
    setSent(-1)
  }
  return <section class="card" aria-label={l.from_name || l.folder}>
    <h3>{l.from ? `${w('from')} ${l.from_name || l.from}` : l.folder}</h3>
    {l.from && <List rows={[[w('to'), l.to_name || l.to], [w('at'), stamp(l.at)], ...facts(l)]} />}
    {!l.taken || l.verdict !== 'good' ? <p class={l.verdict === 'good' || l.verdict === 'known' ? 'quiet' : 'error'}>{word(l)}</p> : null}
    {l.taken && l.verdict === 'good' && <p role="status">{w('done', { ...l.taken })}</p>}
    {l.taken && l.taken.failed > 0 && <p class="error" role="alert">{w('failed', { n: l.taken.failed, why: l.taken.why })}</p>}
    {l.verdict === 'revoked' && l.taken && <><p role="status">{w('late_in', { ...l.taken })}</p><Late node={l.from} open /></>}
    {(l.verdict === 'good' || l.verdict === 'revoked') && !l.taken && <div class="row"><button type="button" class={l.verdict === 'good' ? 'primary' : undefined} disabled={sent >= 0} onClick={() => void take()}>
      {sent >= 0 ? w('sending', { n: sent, of: l.files.length }) : w(l.verdict === 'good' ? 'take_it' : 'look_late')}</button></div>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {l.taken && l.verdict === 'good' && <p class="quiet">{w('answer')}</p>}
  </section>
}

function Take() {
  const [found, setFound] = useState<{ looked: Looked; files: Letter }[] | null>(null)
  const [busy, setBusy] = useState(false)
  const [wrong, setWrong] = useState('')
  const again = (e: Event) => { (e.currentTarget as HTMLInputElement).value = '' } // the same file chosen again is looked at again
  async function choose(e: Event, folder: boolean) {
    const list = Array.from((e.currentTarget as HTMLInputElement).files || [])
    if (!list.length) return
    setBusy(true)
    setFound(null)
    setWrong('')
    try {
      const letters = folder ? fromFolder(list) : await fromTar(list[0])
      if (!letters) throw new ApiError(0, 'invalid', w('not_tar'), w('not_tar'), [])
      if (letters.size === 0) throw new ApiError(0, 'missing', w('empty'), w('empty'), [])
      const all = []
      for (const [name, files] of Array.from(letters)) {
        const looked = await call<Looked>('POST', '/sticks/look', { index: await text(files.get('index.json')), sig: await text(files.get('index.json.sig')) })
        all.push({ looked: { ...looked, folder: looked.folder || name }, files })
      }
      setFound(all)
    } catch (x) {
      setWrong(why(x))
    }
    setBusy(false)
  }
  return <section><div class="card form"><h2>{w('take')}</h2>
    <div class="field"><label for="stick-file">{w('file')}</label><div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{t('file_one')}</span><input id="stick-file" type="file" accept=".tar" onClick={again} onChange={e => void choose(e, false)} /></div></div>
    <div class="field"><label for="stick-folder">{w('folder')}</label><div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{w('one_folder')}</span><input id="stick-folder" type="file" multiple {...{ webkitdirectory: true }} onClick={again} onChange={e => void choose(e, true)} /></div></div></div>
    {busy && <p role="status">{w('looking')}</p>}
    {wrong && <p class="error" role="alert">{wrong}</p>}
    {found && found.map(f => <One key={f.looked.folder + f.looked.at} first={f.looked} files={f.files} />)}
  </section>
}

export function Page() {
  const [receivers, setReceivers] = useState<Receiver[] | null>(null)
  const [wrong, setWrong] = useState(false)
  useEffect(() => {
    call<{ receivers: Receiver[] }>('GET', '/sticks').then(r => setReceivers(r.receivers), () => setWrong(true))
  }, [])
  return <><h1>{w('title')}</h1><p class="quiet">{w('what')}</p>
    {wrong && <p class="error" role="alert">{w('unreadable')}</p>}
    {!receivers && !wrong && <Waiting />}
    {receivers && <><Write receivers={receivers} /><Take /></>}
  </>
}
