// Words of the government interface: [Chinese, English].
import { speak } from '.'

export const w = speak({
  board: ['五项功能一览', 'The five functions'],
  intro: ['各社区上报的数字由社区盒子自己数出，社区页面上的统计可以逐项核对。', 'The communities’ own boxes counted these figures; each can be compared with the statistics on the community’s page.'],
  district: ['区县', 'District'], community: ['社区', 'Community'], contact: ['最近联系', 'Last contact'], as_of: ['数据截至', 'Counted'],
  publish: ['信息发布', 'Published'], letters: ['来信', 'Letters'], replies: ['按时答复', 'On time'], service: ['网上办事', 'Applications'], base: ['基础数据', 'Registry'], visited: ['家庭走访', 'Households visited'],
  open: ['在办 {n}', '{n} open'], overdue: ['超期', 'Overdue'], persons: ['{n} 人', '{n} persons'], never: ['还没有', 'not yet']
})
