// Whether an issued paper is genuine: by serial and check code, or by the QR code on it.
import { useEffect, useState } from 'preact/hooks'
import { call } from '../../app/api'
import { word, type Label } from '../../i18n'
import { w } from '../../i18n/service'

interface Paper { serial: string; kind: Label | null; date: string; holder: string; community: string }

export function Verify() {
  const given = new URLSearchParams(location.search)
  const [serial, setSerial] = useState(given.get('serial') || '')
  const [code, setCode] = useState(given.get('code') || '')
  const [found, setFound] = useState<Paper | null>(null)
  const [wrong, setWrong] = useState('')
  function look(e?: Event) {
    if (e) e.preventDefault()
    setWrong('')
    setFound(null)
    call<Paper>('GET', `/paper?serial=${encodeURIComponent(serial.trim())}&code=${encodeURIComponent(code.trim().toUpperCase())}`).then(setFound, x => setWrong(word(x)))
  }
  useEffect(() => { if (serial && code) look() }, [])
  return <>
    <h1>{w('check')}</h1>
    <form class="card form narrow" onSubmit={look}>
      <label>{w('serial')}<input value={serial} name="serial" autocomplete="off" onInput={e => setSerial(e.currentTarget.value)} /></label>
      <label>{w('code')}<input value={code} name="code" autocomplete="off" onInput={e => setCode(e.currentTarget.value)} /></label>
      {wrong && <p class="error" role="alert">{wrong}</p>}
      <button class="primary">{w('look')}</button>
    </form>
    {found && <section class="card" aria-live="polite"><h2>{w('genuine')}</h2>
      <dl><div><dt>{w('serial')}</dt><dd>{found.serial}</dd></div><div><dt>{w('what')}</dt><dd>{word(found.kind || undefined)} · {found.community}</dd></div>
        <div><dt>{w('holder')}</dt><dd>{found.holder}</dd></div><div><dt>{w('date')}</dt><dd>{found.date}</dd></div></dl>
      <p class="quiet">{w('compare')}</p></section>}
  </>
}
