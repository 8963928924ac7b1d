// Photos that wait on the device: IndexedDB holds what local storage cannot.
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

export const putBlob = (key: string, blob: Blob) => run<void>('readwrite', s => s.put(blob, key))
export const getBlob = (key: string) => run<Blob | undefined>('readonly', s => s.get(key))
export const dropBlob = (key: string) => run<void>('readwrite', s => s.delete(key))
export const dropBlobs = () => run<void>('readwrite', s => s.clear())
