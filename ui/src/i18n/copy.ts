// Words of a person's data copy: [Chinese, English].
import { speak } from '.'

export const w = speak({
  title: ['个人信息副本', 'Copy of personal data'], held: ['本社区服务器上保存的全部内容，{when} 由 {node} 出具', 'All that this community\'s server holds, made by {node} at {when}'],
  person: ['本人登记', 'The person'], print: ['打印', 'Print'], save: ['另存为文件', 'Save as a file'], none: ['没有其他内容', 'Nothing else'], recorded: ['登记时间', 'Recorded'], state: ['状态', 'State']
})
