// Reads a text aloud, where the device has a voice of its own that works offline.
import { useEffect, useState } from 'preact/hooks'
import { lang, t } from '../i18n'
import { Icon } from './icon'

function voice(): SpeechSynthesisVoice | null {
  if (!('speechSynthesis' in window)) return null
  return speechSynthesis.getVoices().find(v => v.localService && v.lang.slice(0, 2) === lang.value) || null
}

export function Speak({ text }: { text: string }) {
  const [can, setCan] = useState(() => voice() !== null)
  useEffect(() => {
    if (!('speechSynthesis' in window)) return
    const see = () => setCan(voice() !== null)
    see()
    if (!speechSynthesis.addEventListener) return
    speechSynthesis.addEventListener('voiceschanged', see)
    return () => { speechSynthesis.removeEventListener('voiceschanged', see); speechSynthesis.cancel() }
  }, [lang.value])
  if (!can) return null
  return <button type="button" class="speak" onClick={() => {
    speechSynthesis.cancel()
    const u = new SpeechSynthesisUtterance(text)
    u.voice = voice()
    u.lang = lang.value === 'zh' ? 'zh-CN' : 'en-GB'
    u.rate = 0.9
    speechSynthesis.speak(u)
  }}><Icon name="speak" />{t('read_aloud')}</button>
}
