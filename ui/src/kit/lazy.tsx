// A part of the pages that is fetched when it is first needed.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Waiting } from './state'
import { t } from '../i18n'

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let got: ComponentType<P> | null = null
  return function Lazy(props: P) {
    const [, draw] = useState(0)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      let on = true
      if (!got) load().then(c => { got = c; if (on) draw(1) }, () => on && setFailed(true))
      return () => { on = false }
    }, [])
    if (failed) return <p class="error" role="alert">{t('part_missing')} <button type="button" onClick={() => location.reload()}>{t('reload')}</button></p>
    const Part = got
    return Part ? <Part {...props} /> : <Waiting />
  }
}
