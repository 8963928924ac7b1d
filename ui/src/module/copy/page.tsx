// A person's data copy: everything held about one person, to read, print or save.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call } from '../../app/api'
import { collection, session } from '../../app/state'
import type { Rec } from '../../app/types'
import { word } from '../../i18n'
import { w } from '../../i18n/copy'
import { Waiting } from '../../kit/state'
import { show, stamp } from '../../kit/value'
import type { ScreenProps } from '..'

type Item = Pick<Rec, 'id' | 'created_at' | 'state' | 'f' | 'refs'>
interface Part { collection: string; field: string; items: Item[] }
interface Data { id: string; at: number; person: Record<string, unknown>; parts: Part[] }

function Values({ name, f, refs }: { name: string; f: Record<string, unknown>; refs?: Rec['refs'] }) {
  const found = collection(name)
  return <dl>{Object.keys(f).map(key => {
    const d = found && found.def.fields.find(x => x.name === key)
    const text = d && found ? show(f[key], d, found.module, { f, refs } as Rec) : typeof f[key] === 'string' ? String(f[key]) : JSON.stringify(f[key])
    return text === '' ? null : <div key={key}><dt>{d ? word(d.label, key) : key}</dt><dd>{text}</dd></div>
  })}</dl>
}

export function Copy({ args }: ScreenProps) {
  const [data, setData] = useState<Data | null>(null)
  const [wrong, setWrong] = useState('')
  const own = session.value && session.value.account && session.value.account.person === args[0]
  useEffect(() => {
    let on = true
    call<Data>('GET', `/person/${args[0]}/copy${own ? '' : '?purpose=request'}`).then(d => on && setData(d), e => on && setWrong(e instanceof ApiError ? word(e) : String(e)))
    return () => { on = false }
  }, [args[0]])
  if (wrong) return <p class="error" role="alert">{wrong}</p>
  if (!data) return <Waiting />
  function save() {
    const a = document.createElement('a')
    a.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 1)], { type: 'application/json' }))
    a.download = `linli-${args[0]}.json`
    a.click()
    URL.revokeObjectURL(a.href)
  }
  return <article>
    <h1>{w('title')}</h1>
    <p class="quiet">{w('held', { when: stamp(data.at), node: session.value ? session.value.node.name : '' })}</p>
    <div class="row tools"><button type="button" class="primary" onClick={() => window.print()}>{w('print')}</button><button type="button" onClick={save}>{w('save')}</button></div>
    <section class="card"><h2>{w('person')}</h2><Values name="person" f={data.person} /></section>
    {data.parts.length === 0 && <p class="quiet">{w('none')}</p>}
    {data.parts.map(p => {
      const found = collection(p.collection)
      return <section class="card" key={p.collection + p.field}><h2>{found ? word(found.def.label, p.collection) : p.collection}</h2>
        {p.items.map(x => <div key={x.id}><p class="quiet">{w('recorded')} {stamp(x.created_at)}{x.state && found && found.def.workflow ? ` · ${w('state')} ${word(found.def.workflow.states[x.state], x.state)}` : ''}</p><Values name={p.collection} f={x.f} refs={x.refs} /></div>)}</section>
    })}
  </article>
}
