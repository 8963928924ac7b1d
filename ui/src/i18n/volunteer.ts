// Words of the volunteer and fund screens: [Chinese, English].
import { speak } from '.'

export const w = speak({
  claim: ['我来帮', 'I will help'], claimed: ['已提交，等待确认', 'Sent; waiting for the word'], not_volunteer: ['请先登记为志愿者', 'Register as a volunteer first'], register: ['登记为志愿者', 'Register'],
  join: ['报名', 'Join'], role: ['角色', 'Role'], any_role: ['不限角色', 'Any role'], left: ['余 {n}', '{n} left'], balance: ['余额', 'Balance'], recount: ['重算余额', 'Recompute'],
  same: ['重算结果与公布的余额一致：{n} 笔，{sum}', 'Recomputed from {n} entries: {sum}, as published'], differs: ['重算结果不一致！', 'The sum differs!'], list: ['下载公开账目（CSV）', 'Download the public list (CSV)'],
  how: ['自己核对：下载后用任意表格软件求和；每行的校验值是前七列文字的 SHA-256，previous 是上一行的校验值。', 'Check it yourself: add the list up with any spreadsheet; the hash of each row is the SHA-256 of its first seven columns as written, previous is the hash of the row above.'],
  shell: ['在电脑上：', 'On a computer:'], no: ['序号', 'No.'], date: ['日期', 'Day'], in_: ['收入', 'In'], out: ['支出', 'Out'], party: ['对方', 'Party'], purpose: ['用途', 'Purpose'], signed: ['双签', 'Signed by'],
  sign: ['签字过账', 'Sign'], to_sign: ['待第二人签字', 'Waiting for the second signature'], entry: ['记一笔', 'New entry'], statement: ['基金账页', 'Fund statement'], month: ['月份', 'Month'], all: ['全部', 'All'],
  certificate: ['志愿服务证明', 'Certificate of volunteer service'], served: ['在 {from} 至 {until} 期间参加志愿服务 {times} 次，经确认共 {hours} 小时 {minutes} 分钟。', 'served {times} times between {from} and {until}: {hours} hours {minutes} minutes, confirmed.'],
  certificate_print: ['打印证明', 'Print the certificate'], check_at: ['扫码核验真伪', 'Scan to check that it is genuine'], check_code: ['校验码', 'Check code'],
  confirm: ['确认这次服务', 'Confirm this service'], confirmed: ['已确认', 'Confirmed'], aid: ['申请帮困', 'Ask for aid'], my_hours: ['已确认 {h} 小时，待确认 {w} 小时', '{h} hours confirmed, {w} waiting']
})
