// Words of assets and stocktakes: [Chinese, English].
import { speak } from '.'

export const w = speak({
  stock: ['资产盘点', 'Stocktake'], open: ['进行中的盘点', 'Under way'], none: ['没有进行中的盘点', 'No stocktake is under way'], start: ['开始盘点', 'Start a stocktake'], scope: ['范围', 'Scope'],
  scope_hint: ['如：三楼活动室', 'Such as: activity room, third floor'], scan: ['用手机相机扫标签，或在下面点选', 'Scan the label with the phone\'s camera, or tap below'], yes: ['在位', 'Here'], moved: ['位置不符', 'Elsewhere'],
  damaged: ['损坏', 'Damaged'], missing: ['未找到', 'Missing'], counted: ['已点 {n} / {all}', '{n} of {all} counted'], left: ['还没有点到', 'Not counted yet'], done: ['已点到', 'Counted'], count: ['盘点', 'Count'],
  in_stock: ['记入盘点：{what}', 'Counts in: {what}'], noted: ['已记入', 'Noted'], note: ['说明', 'Note'], where: ['实际地点', 'Where it is'], labels: ['打印标签', 'Print labels'], label: ['标签', 'Label'], sheet: ['打印盘点表', 'Print the stocktake sheet'],
  all_labels: ['全部资产标签', 'Labels of all assets'], no: ['编号', 'Number'], name: ['名称', 'Name'], place: ['地点', 'Place'], result: ['结果', 'Result'], sign: ['清点人：________　监盘人：________', 'Counted by: ________  Witness: ________'],
  no_stock: ['现在没有进行中的盘点', 'No stocktake is under way'], finish: ['清点完毕，去签字', 'All counted: sign'], too_many: ['一次最多 200 件，请按类别选', 'At most 200 at a time: choose a class'], any_class: ['全部类别', 'All classes'],
  class: ['类别', 'Class'], events: ['变动记录', 'What happened to it'], payments: ['收付', 'Payments'], pay: ['记一笔收付', 'Add a payment'], printed: ['打印', 'Printed']
})
