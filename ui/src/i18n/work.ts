// Words of the work screens: [Chinese, English].
import { speak } from '.'

export const w = speak({
  assessment: ['考核表', 'Assessment sheet'], no_results: ['还没有结果', 'No results yet'], grade: ['等次', 'Grade'], raters_sign: ['考核组签字：________　________　________', 'Raters: ________  ________  ________'],
  visit_now: ['走访', 'A visit'], visited_well: ['已上门走访，情况正常', 'Visited, all is well'], visit_done: ['记为已走访', 'Note the visit'], visit_saved: ['走访已记下', 'The visit is noted'],
  visits: ['走访单', 'Visits to make'], with_phones: ['带上电话', 'With telephones'], due_within: ['到期', 'Due'], due_now: ['今天以前', 'by today'], n_days: ['{n} 天内', 'within {n} days'], all_tags: ['全部关怀对象', 'All who are looked after'],
  phones_why: ['“带上电话”会记入审计日志，用途为上门走访。', 'Telephones are shown for a home visit, and that is put on record.'], nobody_due: ['没有到期的走访', 'No visit is due'], home: ['住址', 'Home'], no_home: ['没有登记住址', 'No home on record'], phone: ['电话', 'Telephone'],
  no_number: ['没有登记', 'None on record'], visit_due: ['应访', 'Due'], last_visit: ['上次走访', 'Last visit'], never: ['还没有', 'None yet'],
  log: ['记一笔', 'Note it down'], kind: ['做了什么', 'What was it'], body: ['内容', 'What was done'], minutes: ['用时（分钟）', 'Minutes'], person: ['居民（可不填）', 'Resident (optional)'], place: ['地点', 'Place'],
  save: ['记下', 'Note it'], saved: ['已记下', 'Noted'], another: ['再记一笔', 'One more'], today: ['今天记的', 'Noted today'], report: ['月报', 'Month report'],
  month: ['月份', 'Month'], of: ['{who} · {month} 工作月报', '{who} · work report {month}'], by_kind: ['按类型', 'By kind'], number: ['次数', 'Times'], total: ['合计', 'Together'], people: ['走访居民', 'Residents visited'],
  tasks: ['任务', 'Tasks'], on_time: ['按期完成', 'Done on time'], late: ['超期', 'Late'], open: ['在办', 'Under way'], details: ['明细', 'In detail'], day: ['日期', 'Day'], print: ['打印', 'Print'], sign: ['社工签字：________　负责人：________', 'Worker: ________  Head: ________'],
  ledger: ['台账', 'Ledgers'], returns: ['待填报', 'To be filled in'], none: ['没有要填的台账', 'No ledger is to be filled in'], fill: ['开始填报', 'Fill in'], only_open: ['只看要核对的', 'Only what is to be checked'],
  rows: ['{n} 行，要核对 {left} 行', '{n} rows, {left} to be checked'], auto: ['自动填写 {n}%', '{n}% filled by itself'], name: ['姓名', 'Name'], checked: ['核对无误', 'All right'], is_checked: ['已核对', 'Checked'], is_new: ['新增', 'New'], changed: ['有变化', 'Changed'],
  save_row: ['保存并核对', 'Save and check'], check: ['核对完成', 'All checked'], submit: ['报送', 'Submit'], sheet: ['打印台账', 'Print the ledger'], state: ['状态', 'State'], period: ['期次', 'Period'], due: ['期限', 'Due'], template: ['台账', 'Ledger'],
  matrix: ['报送一览', 'Returns'], community: ['社区', 'Community'], urge: ['催报', 'Urge'], urged: ['已催报', 'Urged'], urge_note: ['请尽快报送', 'Please submit soon'], accept: ['接收', 'Accept'], missing: ['未收到', 'None yet'], totals: ['合计', 'Sums'], no_returns: ['还没有报送', 'No returns yet'], share: ['自动率', 'By itself'],
  template_new: ['新建台账模板', 'New ledger template'], columns: ['要哪些栏目（每行一个）', 'Which columns (one a line)'], columns_hint: ['姓名\n年龄\n住址\n本季补助(元)', 'Name\nAge\nAddress\nAid this quarter'], look: ['先查已有的', 'First see what is held already'], held: ['已有', 'Held already'], held_in: ['来源', 'Where'], held_none: ['没有，由社工填', 'Nowhere: workers fill it in'],
  registry: ['基础数据库', 'Registry'], type: ['类型', 'Type'], required: ['必填', 'Required'], whom: ['列哪些人', 'Whom it lists'], issuer: ['下发单位', 'Issued by'], make: ['保存模板', 'Save the template'], template_name: ['名称', 'Name'], saves: ['{n} 栏中 {m} 栏不用再填', '{m} of {n} columns need no typing'],
  p_month: ['每月', 'Monthly'], p_quarter: ['每季度', 'Quarterly'], p_half: ['每半年', 'Half-yearly'], p_year: ['每年', 'Yearly'], t_str: ['文字', 'Text'], t_int: ['整数', 'Number'], t_dec: ['小数', 'Decimal'], t_date: ['日期', 'Date'], t_bool: ['是否', 'Yes or no'], printed: ['打印', 'Printed'], score: ['评分', 'Score'],
  number_like: ['元|金额|数|岁', 'yuan|amount|number|age'],
  give: ['打分', 'Give a score'], indicator: ['指标', 'Indicator'], weight: ['权重', 'Weight'], value: ['得分', 'Score'], by_measure: ['自动', 'By measure'], scores: ['各项得分', 'Scores'], assess: ['考核', 'Assessment']
})
