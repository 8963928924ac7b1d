// Words of the page for the link to the parent: [Chinese, English].
import { speak } from '.'

export const w = speak({
  title: ['网络连接', 'Link'], what: ['怎样与上级同步。保存后立即生效。', 'How this node syncs with the level above. What is saved holds at once.'], alone: ['本节点没有上级', 'This node has no level above'],
  parent: ['上级地址', 'Address above'], state: ['现在', 'Now'], running: ['正在同步', 'syncing'], good: ['上次成功 {at}', 'last success {at}'], never: ['还没有成功过', 'no success yet'], bad: ['连不上：{why}', 'out of reach: {why}'],
  next: ['下次同步', 'Next sync'], opens: ['等到 {at}（时段外）', 'waits until {at} (outside the hours)'], moved: ['上次传送', 'Moved last time'], bytes: ['发 {sent}，收 {got}', 'sent {sent}, got {got}'],
  proxy: ['代理', 'Proxy'], proxy_hint: ['留空为直连；例如 http://10.0.0.1:3128', 'empty: none; such as http://10.0.0.1:3128'],
  window: ['同步时段', 'Hours'], window_hint: ['留空为随时；例如 22:00-06:00。时段外照常工作，随时可按“立即同步”', 'empty: always; such as 22:00-06:00. Outside, work goes on, and “sync now” works at any time'],
  rate: ['限速（千比特/秒）', 'Rate (kbit/s)'], rate_hint: ['0 为不限；每个方向分别计算', '0: no limit; each way'],
  metered: ['按流量计费', 'Paid by volume'], metered_hint: ['保存后不立即同步，照片只传小图', 'no sync after each save; of pictures only small ones'], save: ['保存', 'Save'], saved: ['已保存并生效', 'Saved and in force']
})
