// On an activity or a meeting: the way to its sign-in sheet.
import { session } from '../app/state'
import { t } from '../i18n'
import { Icon } from '../kit/icon'
import type { PanelProps } from '../module'

export const SignPanel = ({ rec }: PanelProps) => (session.value && session.value.staff ? <p class="no-print"><a class="button" href={`/signin/${rec.collection}/${rec.id}`}><Icon name="print" />{t('signin')}</a></p> : null)
