// Photos on their way: brought to the node with their small copies, or kept on the device until that is in reach: IndexedDB holds what local
// storage cannot.
import { post } from '../app/api'
import type { FileValue } from './files'

const NAME = 'linli'
const STORE = 'blobs'

function base(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const r = indexedDB.open(NAME, 1)
    r.onupgradeneeded = () => { r.result.createObjectStore(STORE) }
    r.onsuccess = () => done(r.result)
    r.onerror = () => failed(r.error)
  })
}

function run<T>(mode: IDBTransactionMode, ask: (s: IDBObjectStore) => IDBRequest): Promise<T> {
  return base().then(db => new Promise<T>((done, failed) => {
    const tx = db.transaction(STORE, mode)
    const r = ask(tx.objectStore(STORE))
    tx.oncomplete = () => { db.close(); done(r.result as T) }
    tx.onabort = tx.onerror = () => { db.close(); failed(tx.error) }
  }))
}

const put = (key: string, blob: Blob) => run<void>('readwrite', s => s.put(blob, key))
const get = (key: string) => run<Blob | undefined>('readonly', s => s.get(key))
const drop = (key: string) => run<void>('readwrite', s => s.delete(key))
const small = (key: string) => key + '/small'

export const dropBlobs = () => run<void>('readwrite', s => s.clear())

/** Brings a file, then its small copy: without that one it is a file all the same. */
export async function bringFile(name: string, large: Blob, copy?: Blob): Promise<FileValue> {
  const made = await post<FileValue>('/files?name=' + encodeURIComponent(name), large)
  return copy ? post<FileValue>('/files?small_of=' + made.sha, copy).catch(() => made) : made
}

export async function keepFile(key: string, large: Blob, copy?: Blob): Promise<void> {
  if (copy) await put(small(key), copy)
  await put(key, large)
}

/** Brings what was kept; undefined when it is no longer here. */
export async function bringKept(key: string, name: string): Promise<FileValue | undefined> {
  const large = await get(key)
  if (!large) return undefined
  const made = await bringFile(name, large, await get(small(key)))
  await drop(key)
  await drop(small(key))
  return made
}
