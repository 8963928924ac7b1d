// Screens that a form and a list cannot be, by the first word of their path, and panels on the record page, by collection.
// Each part is fetched when it is first opened.
import type { ComponentType } from 'preact'
import type { Rec } from '../app/types'
import { lazy } from '../kit/lazy'

/** What follows the first word of the path. */
export interface ScreenProps { args: string[] }
export interface PanelProps { rec: Rec; onDone: () => void }

export const screens: Record<string, ComponentType<ScreenProps>> = {
  plan: lazy(() => import('../kit/plan').then(m => m.PlanPage)),
  handled: lazy(() => import('./ticket/handled').then(m => m.Handled)),
  signin: lazy(() => import('../print/signin').then(m => m.SignIn)),
  blank: lazy(() => import('../print/blank').then(m => m.Blank)),
  assessment: lazy(() => import('./staff/assess').then(m => m.Assessment)),
  correct: lazy(() => import('./registry/correct').then(m => m.Correct)),
  visits: lazy(() => import('./registry/visits').then(m => m.Visits)),
  erasures: lazy(() => import('./erasure/board').then(m => m.Board)),
  gov: lazy(() => import('./gov/board').then(m => m.Board)),
  copy: lazy(() => import('./copy/page').then(m => m.Copy)),
  queues: lazy(() => import('./queues/page').then(m => m.Queues)),
  uplink: lazy(() => import('./stick/link').then(m => m.Link)),
  sticks: lazy(() => import('./stick/page').then(m => m.Page)),
  devices: lazy(() => import('./node/board').then(m => m.Board)),
  services: lazy(() => import('./service/hall').then(m => m.Hall)),
  progress: lazy(() => import('./service/progress').then(m => m.Progress)),
  verify: lazy(() => import('./service/verify').then(m => m.Verify)),
  sheet: lazy(() => import('./service/sheet').then(m => m.Sheet)),
  stock: lazy(() => import('./asset/stock').then(m => m.Stock)),
  labels: lazy(() => import('./asset/stock').then(m => m.Labels)),
  talk: lazy(() => import('./message/talk').then(m => m.Talk)),
  statement: lazy(() => import('./volunteer/fund').then(m => m.Fund)),
  certificate: lazy(() => import('./volunteer/certificate').then(m => m.Certificate)),
  vote: lazy(() => import('./survey/vote').then(m => m.Vote)),
  tally: lazy(() => import('./survey/tally').then(m => m.Tally)),
  platform: lazy(() => import('./registry/platform').then(m => m.Platform)),
  ballots: lazy(() => import('./survey/tally').then(m => m.Ballots)),
  note: lazy(() => import('./staff/log').then(m => m.Log)),
  report: lazy(() => import('./staff/log').then(m => m.Report)),
  ledger: lazy(() => import('./staff/ledger').then(m => m.Ledger)),
  returns: lazy(() => import('./staff/matrix').then(m => m.Matrix)),
  template: lazy(() => import('./staff/template').then(m => m.Template)),
}

export const panels: Record<string, ComponentType<PanelProps>> = {
  circular: lazy(() => import('./message/delivery').then(m => m.Delivery)),
  shop_review: lazy(() => import('./merchant/reply').then(m => m.ReplyPanel)),
  assess_scheme: lazy(() => import('./staff/assess').then(m => m.SchemePanel)),
  meeting: lazy(() => import('../print/signpanel').then(m => m.SignPanel)),
  care_tag: lazy(() => import('./registry/care').then(m => m.CarePanel)),
  service_item: lazy(() => import('./service/panel').then(m => m.ItemPanel)),
  application: lazy(() => import('./service/panel').then(m => m.ApplicationPanel)),
  appointment: lazy(() => import('./service/panel').then(m => m.SlipPanel)),
  ledger_return: lazy(() => import('./staff/ledger').then(m => m.ReturnPanel)),
  asset: lazy(() => import('./asset/stock').then(m => m.AssetPanel)),
  help_request: lazy(() => import('./volunteer/panel').then(m => m.HelpPanel)),
  activity: lazy(() => import('./volunteer/panel').then(m => m.ActivityPanel)),
  service_record: lazy(() => import('./volunteer/panel').then(m => m.RecordPanel)),
  fund: lazy(() => import('./volunteer/fund').then(m => m.FundPanel)),
  service_certificate: lazy(() => import('./volunteer/certificate').then(m => m.CertificatePanel)),
  survey: lazy(() => import('./survey/panel').then(m => m.SurveyPanel)),
  proposal: lazy(() => import('./survey/panel').then(m => m.ProposalPanel)),
  notice: lazy(() => import('./publish/reading').then(m => m.Reading)),
  news: lazy(() => import('./publish/reading').then(m => m.Reading)),
  program: lazy(() => import('./publish/token').then(m => m.Token)),
  import_run: lazy(() => import('./registry/undo').then(m => m.ImportPanel)),
  issued_paper: lazy(() => import('./service/panel').then(m => m.PaperPanel)),
}
