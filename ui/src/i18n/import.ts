// Words of the import of spreadsheets: [Chinese, English].
import { speak } from '.'

export const w = speak({
  choose: ['选择表格文件（XLSX，或 UTF-8、GB18030 的 CSV），先逐行检查，再确认保存', 'Choose a spreadsheet (XLSX, or CSV in UTF-8 or GB18030): each row is checked first, then you confirm'],
  check: ['正在检查：{done} / {total} 行', 'Checking: row {done} of {total}'], save: ['正在保存：{done} / {total} 行，请不要关闭本页', 'Saving: row {done} of {total}; keep this page open'],
  undo: ['正在撤销：{done} / {total} 条', 'Taking back: {done} of {total}'], cut: ['连接断了，导入会在服务器上继续；完成后见“导入记录”', 'The connection was cut; the import goes on at the node. See “Import” when it is done'],
  too_large: ['文件超过 9 MB，请分成几份导入', 'The file is larger than 9 MB: import it in parts'],
  save_n: ['保存 {n} 行', 'Save {n} rows'], saved: ['已保存 {n} 行', '{n} rows saved'], nothing: ['没有需要保存的行', 'There is nothing to save'],
  refused: ['下载未导入的 {n} 行', 'Download the {n} rows left out'], mend: ['下载的表格最后一栏写明原因；改好后再选择它导入，已导入的不受影响。', 'Its last column says why. Mend it and choose it here again; what is in already stays as it is.'],
  missing: ['缺少必填的栏目：{what}。没有登记过的不能导入，请在表格中补上这一栏。', 'Required columns are missing: {what}. What is new cannot be taken without them.'],
  foreign: ['不认识、不导入的栏目：{what}', 'Columns that are not taken: {what}'], others: ['同时登记：{what}', 'Registered with them: {what}'],
  other: ['{what}新增 {added}、更新 {changed}', '{what} {added} new, {changed} changed'], keep: ['“待核”的行核对无误仍要导入，理由', 'Take the rows with warnings all the same, because'],
  row: ['行', 'Row'], found: ['检查结果', 'Result'], all: ['全部 {n}', 'All {n}'], shown: ['只列出前 {n} 行，其余请看下载的表格', 'Only the first {n} rows are listed; see the download for the rest'],
  ok: ['新增', 'New'], same: ['无变化', 'Same'], changed: ['更新', 'Changed'], warning: ['待核', 'Warning'], error: ['有误', 'Wrong'], duplicate: ['重复', 'Repeated'],
  see: ['查看这次导入', 'See this import'], list: ['查看名单', 'See the list'],
  take_back: ['撤销整次导入', 'Take the whole import back'], sure: ['撤销：{file}', 'Take back: {file}'],
  what_happens: ['这次新增的 {added} 条及同时登记的住房、家庭、居住关系将删除，更新的 {changed} 条恢复原值。之后别人改过或用到的会保留。变更记录都在，可以查看。',
    'The {added} records it added, with their dwellings, households and residences, are deleted; the {changed} it changed get their former values. What others changed or use since stays. History keeps all of it.'],
  undone: ['已撤销：删除 {removed} 条，还原 {restored} 条，保留 {kept} 条', 'Taken back: {removed} deleted, {restored} put back, {kept} left']
})
