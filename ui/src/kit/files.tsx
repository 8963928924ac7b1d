// Photos and files of a field: brought at once when chosen, shrunk on the device, named by the record when it is saved.
import { useState } from 'preact/hooks'
import { ApiError, newKey, post } from '../app/api'
import { t, word } from '../i18n'
import { putBlob } from './blobs'
import { Icon } from './icon'

export interface FileValue { sha: string; name: string; size: number; type: string }

const EDGE = 1600 // pixels: enough to read a meter, small enough for a slow link
const MOST = 12

/** A large picture as a smaller JPEG, without its place and camera; anything else as it is. */
function shrink(file: File): Promise<Blob> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return Promise.resolve(file)
  const url = URL.createObjectURL(file)
  return new Promise<Blob>(done => {
    const img = new Image()
    img.onerror = () => done(file)
    img.onload = () => {
      const scale = Math.min(1, EDGE / Math.max(img.width, img.height))
      const canvas = document.createElement('canvas')
      canvas.width = Math.round(img.width * scale)
      canvas.height = Math.round(img.height * scale)
      const pen = canvas.getContext('2d')
      if (!pen) return done(file)
      pen.fillStyle = '#fff'
      pen.fillRect(0, 0, canvas.width, canvas.height)
      pen.drawImage(img, 0, 0, canvas.width, canvas.height)
      canvas.toBlob(b => done(b || file), 'image/jpeg', 0.82)
    }
    img.src = url
  }).then(blob => { URL.revokeObjectURL(url); return blob })
}

interface Props { id: string; value: FileValue[]; single?: boolean; bad?: boolean; onChange: (v: FileValue[]) => void }

export function Files({ id, value, single, bad, onChange }: Props) {
  const [busy, setBusy] = useState('')
  const [wrong, setWrong] = useState('')
  async function bring(list: File[]) {
    let have = single ? [] : value
    setWrong('')
    for (let i = 0; i < list.length && have.length < (single ? 1 : MOST); i++) {
      setBusy(t('uploading', { what: list[i].name }))
      try {
        const blob = await shrink(list[i])
        const name = blob === list[i] ? list[i].name : list[i].name.replace(/\.\w+$/, '') + '.jpg'
        const safe = name.replace(/[/\\"\r\n]/g, '_').slice(-36)
        have = have.concat(await post<FileValue>('/files?name=' + encodeURIComponent(safe), blob).catch(async (e: ApiError) => {
          if (e.status !== 0) throw e
          const key = newKey() // out of reach: it waits on the device, and goes with the record
          await putBlob(key, blob)
          return { sha: 'local:' + key, name: safe, size: blob.size, type: blob.type }
        }))
        onChange(have)
      } catch (e) {
        setWrong(word(e as { zh: string; en: string }))
      }
    }
    setBusy('')
  }
  return <div>
    <ul class="files">{value.map(v => <li key={v.sha}>{v.name} <span class="quiet">{Math.ceil(v.size / 1024)} KB</span>{' '}
      <button type="button" aria-label={t('remove') + ' ' + v.name} onClick={() => onChange(value.filter(o => o.sha !== v.sha))}>{t('remove')}</button></li>)}</ul>
    <div class="file-pick"><span aria-hidden="true"><Icon name="upload" />{t(single ? 'file_one' : 'file_choose')}</span>
      <input id={id} type="file" multiple={!single} aria-invalid={bad || undefined} onChange={e => { void bring(Array.from(e.currentTarget.files || [])); e.currentTarget.value = '' }} /></div>
    <span class="quiet" role="status">{busy}</span>
    {wrong && <p class="error" role="alert">{wrong}</p>}
  </div>
}

/** The files of a record, as people see them. */
export function Shown({ base, part = '/files', value }: { base: string; part?: string; value: unknown }) {
  const [gone, setGone] = useState<string[]>([])
  const list = (Array.isArray(value) ? value : [value]) as FileValue[]
  return <ul class="files">{list.map(v => {
    const href = base + part + '/' + v.sha
    const picture = /^image\//.test(v.type) && gone.indexOf(v.sha) < 0
    return <li key={v.sha}><a href={href} target="_blank" rel="noopener">
      {picture ? <img src={href} alt={v.name} loading="lazy" onError={() => setGone(gone.concat(v.sha))} /> : v.name}</a>
      {gone.indexOf(v.sha) >= 0 && <span class="quiet"> {t('not_here')}</span>}</li>
  })}</ul>
}
