// A list of other records: the chosen ones by name, each to be taken out again, and a field that adds one. Its text is their ids.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../app/api'
import { t } from '../i18n'
import { Pick } from './pick'

function Named({ to, id, onRemove }: { to: string; id: string; onRemove: () => void }) {
  const [title, setTitle] = useState('')
  useEffect(() => {
    let on = true
    call<{ title?: string }>('GET', `/${to}/${id}`).then(r => on && setTitle(r.title || t('untitled')), () => on && setTitle(t('not_yours')))
    return () => { on = false }
  }, [to, id])
  return <li>{title} <button type="button" aria-label={`${t('remove')} ${title}`} onClick={onRemove}>{t('remove')}</button></li>
}

export function Picks({ id, to, value, label, bad, describedBy, onInput }: { id: string; to: string; value: string; label: string; bad?: boolean; describedBy?: string; onInput: (ids: string) => void }) {
  const ids = value === '' ? [] : value.split('、')
  return <div role="group" aria-label={label}>
    <ul class="plain">{ids.map(one => <Named key={one} to={to} id={one} onRemove={() => onInput(ids.filter(x => x !== one).join('、'))} />)}</ul>
    <Pick key={ids.length} id={id} to={to} value="" bad={bad} describedBy={describedBy} onInput={one => { if (one && ids.indexOf(one) < 0) onInput(ids.concat(one).join('、')) }} />
  </div>
}
