// Words of the service screens: [Chinese, English].
import { speak } from '.'

export const w = speak({
  hall: ['办事大厅', 'Services'], search: ['搜事项', 'Find a service'], none: ['还没有公布事项', 'No services yet'],
  for_whom: ['办理对象', 'For whom'], basis: ['办理依据', 'Legal basis'], papers: ['所需材料', 'Papers needed'], promise: ['承诺时限', 'Promised'],
  days: ['{n} 个工作日', '{n} working days'], fee: ['收费', 'Fee'], free: ['不收费', 'Free of charge'], place: ['地点', 'Place'], hours: ['时间', 'Hours'], provider: ['承办单位', 'Provider'],
  needed: ['必需', 'needed'], reusable: ['交过可不再交', 'once is enough'], not_ours: ['社区不出具这份证明', 'The community does not issue this'], office: ['请到这里办理', 'Go here instead'],
  elsewhere: ['到外部系统办理', 'Go to the other system'], apply: ['网上申请', 'Apply online'], counter: ['窗口受理', 'Take it at the counter'], ask: ['咨询', 'Ask'],
  slots: ['可预约时间', 'Times to choose'], no_slots: ['近期没有可预约的时间', 'No times in the next days'], left: ['余 {n}', '{n} left'], full: ['已满，可候补', 'full: waiting list'],
  book: ['预约', 'Book'], booked: ['预约已提交', 'Booked'], for_me: ['给谁办', 'For'], applicant: ['申请人', 'Applicant'],
  from_registry: ['已从登记中填入，有变化请直接改，改动会提交核对', 'Filled from the registry; correct it if it changed, the change is then checked'],
  submit: ['提交申请', 'Hand in'], saved: ['申请已提交', 'Handed in'], number: ['编号', 'Number'], phone: ['联系电话', 'Telephone'], attach: ['材料照片或文件', 'Photos or files of papers'],
  progress: ['查询办事进程', 'How far is it?'], last4: ['手机后四位', 'Last 4 digits of the phone'], look: ['查询', 'Look'], steps: ['办理过程', 'Steps so far'], now_with: ['现在由谁办', 'Now with'],
  due: ['办结期限', 'Due'], missing: ['需要补正', 'Still missing'], filed: ['提交', 'Filed'], what: ['事项', 'Service'], when: ['时间', 'When'],
  check: ['查验证明', 'Check a paper'], serial: ['证明编号', 'Serial'], code: ['校验码', 'Check code'], genuine: ['这份证明是真的', 'This paper is genuine'],
  holder: ['持有人', 'Holder'], date: ['签发日期', 'Signed on'], compare: ['请与手中证明的内容核对', 'Compare it with the paper in your hand'],
  print_form: ['打印申请表', 'Print the form'], print_slip: ['打印回执', 'Print the receipt'], print_paper: ['打印证明', 'Print the paper'], form: ['申请表', 'Application'], slip: ['受理回执', 'Receipt'],
  signed: ['签名', 'Signature'], printed: ['打印时间', 'Printed'], verify_at: ['扫码查验', 'Scan to verify'], follow_at: ['扫码查进度', 'Scan to follow'], seal: ['（盖章处）', '(seal)'], state: ['状态', 'State'],
  issue: ['出具证明', 'Issue a paper'], choose_person: ['请先选择申请人', 'Choose the applicant first']
})
