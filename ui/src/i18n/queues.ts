// Words of the queues that people clear: [Chinese, English].
import { speak } from '.'

export const w = speak({
  queues: ['待处理队列', 'Queues'], twins: ['疑似重复', 'Possible duplicates'], conflicts: ['冲突', 'Conflicts'], refused: ['未被接受的改动', 'Refused changes'],
  rulings: ['已作的决定', 'Decisions'], none_twins: ['没有疑似重复的记录', 'No possible duplicates'], none_conflicts: ['没有冲突', 'No conflicts'],
  none_refused: ['没有未被接受的改动', 'No refused changes'], none_rulings: ['还没有作过决定', 'No decisions yet'], more: ['下一页', 'Next page'], first: ['第一页', 'First page'],
  because: ['相同：{what}', 'The same: {what}'], keep_this: ['保留这一条', 'Keep this one'], kept: ['保留', 'Kept'], given_up: ['并入', 'Merged into it'],
  use_theirs: ['采用另一条的：{what}', 'Take from the other: {what}'], field: ['项目', 'Field'], differs: ['不同', 'differs'],
  merge: ['合并为一条', 'Merge into one'], different: ['不是同一个', 'Not the same'], sure_merge: ['确定合并？两条的历史都会保留，以后可以取消合并。', 'Merge them? Both histories stay, and it can be undone.'],
  reason: ['理由', 'Reason'], yes: ['确定', 'Confirm'], no: ['不', 'No'], done: ['已处理', 'Done'],
  who: ['由谁', 'Who'], when: ['时间', 'When'], device: ['设备', 'Device'], now: ['现值', 'Present value'], take: ['选用这个', 'Take this one'],
  type_it: ['重新填写', 'Fill in another value'], save: ['保存', 'Save'], exists: ['删除与修改', 'Deleted and edited'], alias: ['合并与修改', 'Merged and edited'], state: ['办理步骤', 'Steps'],
  was_deleted: ['一台设备删除了它', 'One device deleted it'], was_merged: ['一台设备把它并入了另一条', 'One device merged it into another'], was_edited: ['另一台设备同时作了修改', 'Another device edited it meanwhile'],
  restore: ['恢复记录，保留修改', 'Restore it with the edits'], delete_it: ['确认删除', 'Delete it all the same'], unmerge: ['取消合并', 'Undo the merge'],
  keep_merged: ['仍然合并', 'Keep it merged'], carry: ['仍然合并，把修改写入保留的记录', 'Keep it merged, and take the edits over'],
  step_taken: ['已生效', 'Went on'], step_lost: ['未采用', 'Not taken'], deleted: ['已删除', 'Deleted'], empty: ['（空）', '(empty)'],
  record: ['记录', 'Record'], again: ['作为我的改动重新保存', 'Save again as my own change'], drop: ['不再处理', 'Let go'], drop_why: ['请写明为什么不再处理', 'Say why it is let go'], yours: ['你写的', 'Yours'],
  unread: ['内容在本机打不开', 'Its content cannot be read here'], protocol: ['节点之间的公告', 'A notice between nodes'], undo: ['重新判断', 'Judge again'],
  op_add: ['新增', 'Added'], op_set: ['修改', 'Changed'], op_step: ['办理', 'Step'], op_delete: ['删除', 'Deleted'], op_restore: ['恢复', 'Restored'], op_remove: ['移除', 'Removed'],
  op_alias: ['合并', 'Merged'], op_unalias: ['取消合并', 'Merge undone'], op_other: ['其他', 'Other'], by_whom: ['{who} · {device} · {when}', '{who} · {device} · {when}'], unknown: ['未知', 'unknown']
})
