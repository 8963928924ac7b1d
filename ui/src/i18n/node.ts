// Words of the freshness board: [Chinese, English].
import { speak } from '.'

export const w = speak({
  board: ['节点看板', 'Nodes'], here: ['本节点', 'This node'], contact: ['最后联系', 'Last contact'], receipt: ['最后签收', 'Last receipt'], never: ['从未', 'never'],
  signed: ['已签收/已收', 'Signed/held'], waiting: ['待处理', 'waiting'], lease: ['租期至', 'Lease until'], version: ['版本', 'Version'], free: ['剩余磁盘', 'Disk free'],
  digest: ['摘要', 'Digest'], same: ['一致', 'agree'], differ: ['不一致', 'differ'], unknown: ['未比对', 'not compared'], offset: ['时钟差', 'Clock off by'], seconds: ['{n} 秒', '{n} s'],
  refused: ['未接受', 'Refused'], conflicts: ['冲突', 'Conflicts'], unsent: ['待上传', 'Unsent'], alarms: ['告警', 'Alarms'], none: ['无', 'none'], revoked: ['已吊销', 'Revoked'], grids: ['网格', 'Grids'],
  invite: ['登记新设备', 'Enrol a device'], role: ['类别', 'Kind'], region: ['区划代码', 'Region code'], make: ['生成邀请码', 'Make a code'],
  code: ['邀请码（{n} 小时内有效，只用一次）', 'Code (good for {n} hours, once)'], scan: ['在新设备上扫码，或输入：', 'Scan it on the new device, or type:'],
  renew: ['续租', 'Renew'], regrid: ['更换网格', 'Change grids'], revoke: ['吊销', 'Revoke'], save: ['确定', 'Confirm'], cancel: ['取消', 'Cancel'],
  grids_hint: ['以逗号分隔，如 01,02', 'by comma, such as 01,02'], drop: ['移除的网格，待所写均被签收后从设备删除', 'A grid taken away is dropped on the device once all written is signed for'],
  sure: ['吊销不可撤销。请输入节点编号的末四位 {n}', 'This cannot be undone. Type the last four characters of its id, {n}'],
  done: ['已完成', 'Done'], laptop: ['移动终端', 'Laptop'], community: ['社区', 'Community'], subdistrict: ['街道', 'Subdistrict'], city: ['市', 'City'], district: ['区县', 'District'], province: ['省', 'Province'],
  loading: ['正在读取…', 'Loading…'], qr: ['二维码', 'QR code']
})
