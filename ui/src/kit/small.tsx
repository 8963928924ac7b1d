// A small picture beside a title; where its bytes have not come yet, nothing.
import { useState } from 'preact/hooks'

export function Small({ src }: { src: string }) {
  const [gone, setGone] = useState(false)
  return gone ? null : <img class="thumb" src={src} alt="" loading="lazy" onError={() => setGone(true)} />
}
