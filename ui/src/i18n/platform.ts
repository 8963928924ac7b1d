// Words of the exchange with a partner's platform: [Chinese, English].
import { speak } from '.'

export const w = speak({
  title: ['与对方平台交换数据', 'Exchange with a platform'], what: ['模板', 'Template'], purpose: ['用途（记入日志）', 'Purpose (is logged)'],
  masters: ['以对方为准：{partner}。以本社区为准：{community}。', 'The partner is master of: {partner}. The community is master of: {community}.'],
  adds: ['对方有、本社区没有的会新增。', 'What only the partner has is added.'], tells: ['对方有、本社区没有的只列出，不新增。', 'What only the partner has is listed, not added.'],
  give: ['交给对方', 'Give to the partner'], give_what: ['按模板导出全部记录，含完整号码；导出记入日志。', 'All records as the template has them, numbers in full; it is logged.'],
  take: ['收到对方的文件', 'A file of the partner'], choose: ['选择对方按模板导出的表格（XLSX 或 CSV）', 'Choose the file the partner made by the template (XLSX or CSV)'],
  checking: ['正在比对…', 'Comparing…'], commit: ['按以上处理', 'Do so'], done: ['已处理：更新 {taken} 项，提出更正申请 {asked} 件', 'Done: {taken} values taken over, {asked} corrections asked for'],
  report: ['下载差异表', 'Download the differences'], here: ['本社区有、对方文件中没有：{n}', 'Only here, not in the file: {n}'], row: ['行', 'Row'], found: ['比对结果', 'Result'], who: ['名称', 'Name'],
  all: ['全部 {n}', 'All {n}'], error: ['有误', 'Wrong'], ask: ['待核对', 'To be checked'], take_over: ['按对方更新', 'Taken over'], pair: ['配对', 'Paired'], add: ['新增', 'New'], only: ['只有对方有', 'Only there'], same: ['一致', 'Same'],
  requests: ['查看更正申请', 'See the corrections'], log: ['交换记录', 'Exchanges'], nothing: ['全部一致，没有要处理的', 'All is the same; nothing to do'], foreign: ['不在模板中的栏目：{what}', 'Columns that are not of the template: {what}']
})
