// Words of the erasure board: [Chinese, English].
import { speak } from '.'

export const w = speak({
  title: ['个人信息删除', 'Erasure of personal data'], what: ['每个保存着此人信息的节点都要销毁密钥并签字；离线的节点下次同步时照办。', 'Every node that holds something of the person destroys the keys and signs for it; one that is away does so at its next sync.'],
  asked: ['{when}，{who} 发出', '{when}, by {who}'], request: ['本人要求删除', 'At the person’s request'], withdraw: ['撤回同意', 'Consent withdrawn'], retention: ['保存期满', 'Kept long enough'],
  missing: ['{n} 个节点尚未签字', '{n} nodes have not signed yet'], all_done: ['全部已签字', 'All have signed'], holder: ['节点', 'Node'], region: ['区划', 'Region'], signed: ['签字时间', 'Signed'], not_yet: ['尚未', 'not yet'],
  next: ['即将到期', 'Due next'], next_what: ['三十天内保存期满的记录；到期当天自动执行，依法须留存的请先留存。', 'What has been kept long enough within thirty days; it is done on that day, unless somebody decides that it stays.'], next_none: ['三十天内没有到期的记录', 'Nothing is due within thirty days'],
  erase: ['销毁密钥', 'Keys are destroyed'], delete: ['删除', 'Deleted'], hold: ['留存', 'Hold'], held: ['留存中', 'Held'], count: ['：{n} 条', ': {n} rows'], count_least: ['：至少 {n} 条', ': at least {n} rows'], from_to: ['{from} 至 {to}', '{from} to {to}'], held_n: ['其中 {n} 条留存', '{n} of them held'], reason: ['理由', 'Reason'],
  none: ['没有删除请求', 'Nothing was asked to be erased'], wrong: ['暂时读不到，请稍后再试', 'Cannot be read just now; try again']
})
