// Words of the plan: [Chinese, English].
import { speak } from '.'

export const w = speak({
  plan: ['位置图', 'Plan'], of: ['位置图：{what}', 'Plan: {what}'], as_list: ['列表', 'List'], nearer: ['放大', 'Zoom in'], farther: ['缩小', 'Zoom out'], whole: ['全部', 'All of it'],
  keys: ['位置图。方向键移动，加减键放大缩小，点一下移到中间', 'Plan. Arrow keys move it, plus and minus zoom, a tap moves to the middle'], north: ['北', 'N'],
  rest: ['同一处另有 {n} 条', '{n} more at this place'], outside: ['另有 {n} 条在图外', '{n} more outside'], without: ['{n} 条没有位置', '{n} without a position'], more: ['只画前 {n} 条，请筛选', 'Only the first {n} are drawn: filter them'], none: ['没有带位置的记录', 'Nothing here has a position'],
  choose: ['在图上选', 'Choose on the plan'], tap: ['点图上的位置，或用方向键移动后取中心', 'Tap the place, or move with the arrow keys and take the middle'], middle: ['取中心', 'Take the middle'],
  drawn: ['图按登记的坐标绘制，不含街道底图', 'Drawn from the coordinates on record; there are no streets beneath'], metres: ['{n} 米', '{n} m'], km: ['{n} 公里', '{n} km']
})
