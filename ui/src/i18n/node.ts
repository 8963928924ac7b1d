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
  raised: ['发现', 'Since'], ack: ['知道了', 'Take note'], acked: ['{who} 已知悉', 'noted by {who}'], note: ['备注（可不填）', 'Note (optional)'], cleared: ['已解除', 'over'],
  past: ['近期已解除的告警', 'Alarms that are over'], open: ['节点告警', 'Open alarms'], quiet: ['没有告警', 'No alarm'], rotate: ['更换本节点的读者密钥', 'New keys for all readers of this node'],
  rotate_hint: ['每月自动更换；怀疑泄露时可立即更换。已吊销的节点得不到新密钥。', 'Done by itself each month; do it now when a leak is feared. A revoked node gets none of them.'], rotated: ['已更换 {n} 把密钥', '{n} keys are new'],
  loading: ['正在读取…', 'Loading…'], qr: ['二维码', 'QR code']
})
