// What a record page of the service module offers beside its fields.
import { session } from '../../app/state'
import { w } from '../../i18n/service'
import type { PanelProps } from '..'

export const ItemPanel = ({ rec }: PanelProps) => <p><a class="button primary" href={'/services/' + rec.id}>{w('hall')}</a></p>

export function ApplicationPanel({ rec }: PanelProps) {
  const roles = session.value ? session.value.roles : []
  const issues = roles.indexOf('centre') >= 0 || roles.indexOf('committee') >= 0
  return <div class="row"><a class="button" href={'/sheet/form/' + rec.id}>{w('print_form')}</a>
    <a class="button" href={'/sheet/slip/' + rec.id}>{w('print_slip')}</a>
    {issues && rec.state === 'decided' && rec.f.granted === true &&
      <a class="button" href={`/issued_paper/new?application=${rec.id}&person=${String(rec.f.person)}`}>{w('issue')}</a>}</div>
}

export const SlipPanel = ({ rec }: PanelProps) => <p><a class="button" href={'/sheet/appointment/' + rec.id}>{w('print_slip')}</a></p>
export const PaperPanel = ({ rec }: PanelProps) => <p><a class="button primary" href={'/sheet/paper/' + rec.id}>{w('print_paper')}</a></p>
