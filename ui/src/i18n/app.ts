// Words of the shell and the generic screens: [Chinese, English].
export const app = {
  home: ['首页', 'Home'], skip: ['跳到正文', 'Skip to content'], menu: ['栏目', 'Sections'],
  login: ['登录', 'Sign in'], logout: ['退出', 'Sign out'], name: ['登录名', 'Login name'],
  password: ['密码', 'Password'], no_account: ['没有账号？请带身份证到社区服务窗口办理，家人也可以代办。', 'No account yet? Bring your ID to the community desk; a relative may come for you.'],
  elder: ['长辈模式', 'Large text'], elder_off: ['标准模式', 'Standard text'], language: ['English', '中文'],
  search: ['搜索', 'Search'], add: ['新增', 'Add'], save: ['保存', 'Save'], edit: ['更正', 'Correct'], more: ['更多', 'More'],
  back: ['返回列表', 'Back to the list'], print: ['打印', 'Print'], export_xlsx: ['导出表格', 'Export XLSX'], export_csv: ['导出 CSV', 'Export CSV'],
  empty: ['没有记录', 'Nothing here'], loading: ['正在读取…', 'Loading…'], required: ['必填', 'required'], choose: ['请选择', 'Choose'],
  yes: ['是', 'Yes'], no: ['否', 'No'], keep: ['核对无误仍要保存，理由', 'Keep it all the same, because'],
  synced: ['已同步', 'Synced'], pending: ['待上传 {n} 条', '{n} waiting to be sent'], offline: ['断网可用 · 待上传 {n} 条', 'Working offline · {n} waiting'],
  alone: ['独立运行，没有上级', 'Running alone, no parent'], stopped: ['已停止上传，请联系管理员', 'Sending has stopped; call the administrator'],
  unreachable: ['连不上社区服务器，已填内容保留在本页', 'The community server is out of reach; what you typed stays on this page'],
  unknown: ['正在确认同步状态…', 'Checking the sync state…'],
  provisional: ['待上传', 'Not yet sent'], conflict: ['有冲突，需核对', 'In conflict, needs a decision'], take: ['采用此值', 'Take this value'],
  history: ['变更记录', 'History'], note: ['说明', 'Note'], not_found: ['没有这个页面', 'No such page'],
  stale: ['别人刚改过这条记录，请核对最新内容后再保存', 'Somebody has just changed this record; check it and save again'],
  state: ['状态', 'State']
} satisfies Record<string, [string, string]>
