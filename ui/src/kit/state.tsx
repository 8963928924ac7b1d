// What a page shows while there is nothing yet, and when there is nothing at all.
import type { ComponentChildren } from 'preact'
import { t } from '../i18n'
import { Icon } from './icon'

/** Grey bars in the place of what comes. */
export function Waiting({ lines = 4 }: { lines?: number }) {
  return <div class="skeleton" role="status"><span class="sr">{t('loading')}</span>
    {Array.from({ length: lines }, (_, i) => <i key={i} aria-hidden="true" />)}</div>
}

export function Empty({ text, icon = 'check', children }: { text?: string; icon?: string; children?: ComponentChildren }) {
  return <div class="empty"><Icon name={icon} /><p>{text || t('empty')}</p>{children}</div>
}
