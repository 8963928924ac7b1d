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
  rotate_own: ['更换本节点自己的解密密钥', 'A new reading key for this node'], own_hint: ['本节点的解密密钥定期自动更换；怀疑被人抄走时可立即更换。旧密钥保留，用来读以前的内容。', 'This node’s own reading key is replaced by itself in time; do it now when somebody may have copied it. The former ones are kept, to read what is older.'],
  rotated_own: ['已生成新的解密密钥；有上级的，待上级签发证书后启用', 'A new reading key is made; it is used once it is certified, by the parent where there is one'],
  drill: ['恢复演练', 'Restore drill'], drill_hint: ['在本节点旁边证明：它坏掉后，用上级的副本和纸上的恢复密钥能全部恢复。不改动任何数据，密钥用完即弃。', 'Proves, beside this node, that all of it would come back from its parent and the recovery key on paper. Changes nothing; the key is not kept.'],
  recovery: ['纸上的恢复密钥', 'The recovery key on paper'], start: ['开始演练', 'Start the drill'], running: ['正在演练，可以离开本页，结果会保留…', 'The drill is going on; you may leave, its result is kept…'], failed: ['演练失败：{why}', 'The drill failed: {why}'],
  last_drill: ['上次演练 {at}：{how}', 'Last drill {at}: {how}'], good: ['成功', 'it would work'], bad: ['未成功', 'it would not'], no_drill: ['还没有演练过', 'There was none yet'],
  d_keys: ['恢复密钥打开了 {n} 把密钥', 'The recovery key opened {n} keys'], d_missing: ['缺 {n} 把密钥', '{n} keys did not come back'], d_segments: ['取回日志 {n} 段，上级签收到第 {m} 段', '{n} segments came back, signed for up to {m}'],
  d_records: ['恢复 {n} 条记录', '{n} records came back'], d_same: ['摘要与本节点一致', 'Digests are those of this node'], d_differ: ['{n} 个范围的摘要不同', '{n} digests differ'], d_waiting: ['{n} 条变更上级尚未签收，此刻损坏会失去它们', '{n} changes are not signed for: they would be lost now'], d_time: ['用时 {n} 秒', 'It took {n} s'],
  late: ['迟到的工作', 'Late work'], late_none: ['没有迟到的工作', 'There is no late work'], late_hint: ['吊销后收到的内容不算数；核对后可以采纳，仍署原作者。', 'What came after its end counts for nothing; looked through, it can be taken over, as its author’s.'],
  late_stick: ['在 U 盘上？到「U 盘传递」读入', 'On a stick? Bring it in on the page “Memory sticks”'],
  sure_adopt: ['请输入节点编号的末四位 {n}', 'type the last four characters of its id, {n}'], may_take: ['可采纳 {n} 条', '{n} can be taken over'], adopt: ['采纳', 'Take over'], adopted: ['已采纳 {n} 条', '{n} taken over'], why_known: ['已有', 'known'], why_no: ['不能采纳', 'cannot be'], unreadable: ['{n} 个文件在此不可读', '{n} files cannot be read here'],
  replace: ['更换损坏的盒子', 'Replace a dead box'], r_1: ['在新机器上安装邻里', 'Install Linli on the new machine'], r_2: ['准备好纸上的恢复密钥', 'Have the recovery key on paper at hand'], r_3: ['在新机器上运行：', 'On the new machine run:'],
  r_4: ['新节点加入并取回数据', 'The new node joins and takes its data back'], r_5: ['为各账号重设密码（linli user card）', 'Give the accounts new passwords (linli user card)'], r_done: ['完成', 'done'], r_wait: ['等待中', 'waiting'],
  qr: ['二维码', 'QR code']
})
