// Short words about what has just happened; read out, gone by themselves.
import { signal } from '@preact/signals'

const STAY_MS = 5000
export const toasts = signal<{ id: number; text: string }[]>([])
let last = 0

export function toast(text: string): void {
  const id = ++last
  toasts.value = toasts.value.concat({ id, text }).slice(-3)
  setTimeout(() => { toasts.value = toasts.value.filter(x => x.id !== id) }, STAY_MS)
}

export function Toasts() {
  return <div class="toasts" role="status" aria-live="polite">{toasts.value.map(x => <div class="toast" key={x.id}>{x.text}</div>)}</div>
}
