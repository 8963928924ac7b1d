// What is on a stick, as the browser sees it: the files of a folder, or those inside a tar (ustar), by letter.
export type Letter = Map<string, Blob>

const BLOCK = 512
const MOST = 1 << 17
const read = (b: Blob) => new Response(b).arrayBuffer()
export const text = (b: Blob | undefined) => (b ? new Response(b).text() : Promise.resolve(''))

function add(to: Map<string, Letter>, path: string, file: Blob) {
  const [folder, name] = path.split('/').slice(-2)
  if (!name || folder.indexOf('-for-') < 0) return
  if (!to.has(folder)) to.set(folder, new Map())
  to.get(folder)!.set(name, file)
}

export function fromFolder(files: File[]): Map<string, Letter> {
  const out = new Map<string, Letter>()
  for (const f of files) add(out, (f as File & { webkitRelativePath?: string }).webkitRelativePath || f.name, f)
  return out
}

/** null: no tar. Sizes are taken as they are: slices of a file cost nothing until they are read. */
export async function fromTar(file: Blob): Promise<Map<string, Letter> | null> {
  const out = new Map<string, Letter>()
  let at = 0
  for (let n = 0; at + BLOCK <= file.size && n < MOST; n++) {
    const h = new Uint8Array(await read(file.slice(at, at + BLOCK)))
    if (h[0] === 0) return n > 0 ? out : null
    const field = (from: number, len: number) => String.fromCharCode(...Array.from(h.subarray(from, from + len))).split('\0')[0]
    const size = parseInt(field(124, 12).trim(), 8)
    if (field(257, 5) !== 'ustar' || !(size >= 0)) return null
    const prefix = field(345, 155)
    if (h[156] === 0x30 || h[156] === 0) add(out, (prefix ? prefix + '/' : '') + field(0, 100), file.slice(at + BLOCK, at + BLOCK + size))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return at > 0 ? out : null
}
