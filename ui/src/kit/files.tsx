// Photos and files of a field: brought at once when chosen, shrunk on the device, named by the record when it is saved. With a picture goes a
// small one, which nodes carry before all that is large.
import { useEffect, useState } from 'preact/hooks'
import { ApiError, call, newKey } from '../app/api'
import type { Collection, Rec } from '../app/types'
import { t, word } from '../i18n'
import { bringFile, keepFile } from './blobs'
import { Dialog } from './dialog'
import { Icon } from './icon'
import { Small } from './small'

export interface FileValue { sha: string; name: string; size: number; type: string; small?: { sha: string; size: number; type: string } }

const EDGE = 1600 // pixels: enough to read a meter, small enough for a slow link
const MOST = 12
const SMALL = 24 * 1024 // bytes that the node takes
const TRIES = [[320, 0.7], [320, 0.45], [240, 0.45], [160, 0.4]] // the first that is small enough; edge and quality
const AGAIN_MS = 10000

interface Picture { large: Blob; small?: Blob }

function draw(img: HTMLImageElement, edge: number, quality: number): Promise<Blob | null> {
  const scale = Math.min(1, edge / Math.max(img.width, img.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(img.width * scale))
  canvas.height = Math.max(1, Math.round(img.height * scale))
  const pen = canvas.getContext('2d')
  if (!pen) return Promise.resolve(null)
  pen.fillStyle = '#fff'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(img, 0, 0, canvas.width, canvas.height)
  return new Promise(done => canvas.toBlob(done, 'image/jpeg', quality))
}

/** A large picture as a smaller JPEG, without its place and camera, and a small copy where that saves something; anything else as it is. */
async function shrink(file: File): Promise<Picture> {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return { large: file }
  const url = URL.createObjectURL(file)
  const img = new Image()
  const good = await new Promise<boolean>(done => {
    img.onerror = () => done(false)
    img.onload = () => done(true)
    img.src = url
  })
  const large = (good && await draw(img, EDGE, 0.82)) || file
  let small: Blob | null = null
  for (let i = 0; good && large.size > SMALL && i < TRIES.length && (!small || small.size > SMALL); i++) small = await draw(img, TRIES[i][0], TRIES[i][1])
  URL.revokeObjectURL(url)
  return small && small.size <= SMALL ? { large, small } : { large }
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
        const { large, small } = await shrink(list[i])
        const name = large === list[i] ? list[i].name : list[i].name.replace(/\.\w+$/, '') + '.jpg'
        const safe = name.replace(/[/\\"\r\n]/g, '_').slice(-36)
        have = have.concat(await bringFile(safe, large, small).catch(async (e: ApiError) => {
          if (e.status !== 0) throw e
          const key = newKey() // out of reach: it waits on the device, and goes with the record
          await keepFile(key, large, small)
          return { sha: 'local:' + key, name: safe, size: large.size, type: large.type }
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

const isPicture = (v: FileValue) => /^image\//.test(v.type)

/** The small picture of a record for a list: that of its first photo that has one. Lists never load large ones. */
export function Thumb({ def, rec }: { def: Collection; rec: Rec }) {
  for (const f of def.fields) {
    if (f.type !== 'file' && f.type !== 'files') continue
    const list = (Array.isArray(rec.f[f.name]) ? rec.f[f.name] : [rec.f[f.name]]) as (FileValue | undefined)[]
    const v = list.find(x => x && x.small)
    if (v && v.small) return <Small src={`/api/v1/${def.name}/${rec.id}/files/${v.small.sha}`} />
  }
  return null
}

/** One picture large; what is here of it until all of it is. It is asked for again as long as the page is open. */
function Viewer({ at, v, onClose }: { at: string; v: FileValue; onClose: () => void }) {
  const [state, setState] = useState<'loading' | 'here' | 'away' | 'lost'>('loading')
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let timer = 0
    const large = new Image()
    large.onload = () => setState('here')
    large.onerror = () => call('GET', at.replace('/api/v1', '') + v.sha).catch(e => e).then(e => {
      const away = e instanceof ApiError && e.code === 'not_here'
      setState(away ? 'away' : 'lost')
      if (away) timer = window.setTimeout(() => setTurn(turn + 1), AGAIN_MS)
    })
    large.src = at + v.sha
    return () => { large.onload = large.onerror = null; clearTimeout(timer) }
  }, [turn])
  const sha = state === 'here' ? v.sha : v.small && v.small.sha
  return <Dialog label={v.name} wide onClose={onClose}>
    {sha && <img class="large" src={at + sha} alt={v.name} />}
    <p role="status">{state === 'away' ? t('large_coming') : state === 'lost' ? t('large_lost') : state === 'loading' ? t('loading') : v.name}</p>
    <div class="row"><button type="button" onClick={onClose}>{t('close')}</button>
      {state === 'here' && <a class="button" href={at + v.sha} target="_blank" rel="noopener">{t('open_it')}</a>}</div></Dialog>
}

/** The files of a record, as people see them: small pictures, each opens the large one. */
export function Shown({ base, part = '/files', value }: { base: string; part?: string; value: unknown }) {
  const [gone, setGone] = useState<string[]>([])
  const [open, setOpen] = useState<FileValue | null>(null)
  const list = (Array.isArray(value) ? value : [value]) as FileValue[]
  const at = base + part + '/'
  return <><ul class="files">{list.map(v => {
    const picture = isPicture(v) && gone.indexOf(v.sha) < 0
    return <li key={v.sha}><a href={at + v.sha} target="_blank" rel="noopener" onClick={e => { if (isPicture(v)) { e.preventDefault(); setOpen(v) } }}>
      {picture ? <img src={at + (v.small || v).sha} alt={v.name} loading="lazy" onError={() => setGone(gone.concat(v.sha))} /> : v.name}</a>
      {gone.indexOf(v.sha) >= 0 && <span class="quiet"> {t('not_here')}</span>}</li>
  })}</ul>{open && <Viewer at={at} v={open} onClose={() => setOpen(null)} />}</>
}
