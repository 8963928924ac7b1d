// Words of the conversations: [Chinese, English].
import { speak } from '.'

export const w = speak({
  talk: ['消息', 'Messages'], write_to: ['写消息', 'Write to somebody'], to_desk: ['问值班', 'Ask the desk'], to_many: ['群发', 'Write to many'],
  none_yet: ['还没有会话。有事可以问值班。', 'No conversations yet. You can ask the desk.'], unread_n: ['{n} 条未读', '{n} unread'], urgent: ['紧急', 'Urgent'],
  closed: ['已关闭', 'Closed'], muted: ['免打扰', 'Muted'], all_talks: ['全部会话', 'All conversations'], who: ['写给谁', 'To whom'],
  who_hint: ['输入单位或对方显示名称的两个字', 'Two letters of a home or of the name they chose'], body: ['内容', 'Message'], send: ['发送', 'Send'], files: ['附件', 'Files'],
  is_urgent: ['紧急消息', 'Urgent'], to_confirm: ['请对方确认收到', 'Ask to confirm'], more_ways: ['更多', 'More'], older: ['更早的消息', 'Older messages'],
  recalled: ['此消息已撤回', 'Taken back by its sender'], recall: ['撤回', 'Take back'], confirm_it: ['确认收到', 'Confirm'], confirmed: ['已确认', 'Confirmed'],
  asks_confirm: ['请确认收到', 'Please confirm'], reading: ['阅读情况', 'Who has read it'], quick: ['快捷回复', 'Quick replies'],
  q_got: ['收到', 'Got it'], q_ok: ['好的', 'All right'], q_call: ['请给我打电话', 'Please call me'], q_thanks: ['谢谢', 'Thank you'],
  node_itself: ['系统', 'The node'], look: ['查看', 'Look at it'], no_answer: ['提醒由系统发出，不用回复。', 'The node sends reminders: no answer is needed.'],
  no_reply: ['这是群发消息，有事请问值班。', 'This goes to many: ask the desk if you need something.'], mute: ['免打扰', 'Mute'], unmute: ['取消免打扰', 'Unmute'], block: ['屏蔽', 'Block'],
  block_sure: ['屏蔽后对方不能再给您发消息', 'They will not be able to write to you'], subject: ['主题', 'Subject'], list: ['发给哪个分组', 'To which list'], new_list: ['新建分组', 'New list'],
  list_name: ['分组名称', 'Name of the list'], rule_all: ['全体居民', 'All residents'], rule_building: ['住在这些楼', 'Living in these buildings'], rule_grid: ['网格', 'Grid'],
  rule_care: ['关怀对象', 'Care tag'], rule_age: ['年龄', 'Age'], rule_role: ['岗位', 'Office'], rule_home: ['单位类别', 'Kind of home'], age_any: ['不限', 'Any'], age_60: ['60 岁及以上', '60 and older'],
  age_80: ['80 岁及以上', '80 and older'], age_adult: ['18–59 岁', '18 to 59'], save_list: ['保存分组', 'Save the list'], group_too: ['成员可以互相发言（居民群）', 'Members may write, too (a group)'],
  asked: ['应收', 'Asked'], delivered: ['已送达', 'Delivered'], read: ['已读', 'Read'], confirmed_n: ['已确认', 'Confirmed'], building: ['楼幢', 'Building'], no_building: ['其他', 'Others'],
  left: ['还没有看到的人', 'Who has not seen it'], left_confirm: ['还没有确认的人', 'Who has not confirmed'], nobody_left: ['全部看到了', 'Everybody has seen it'], name: ['姓名', 'Name'], room: ['单元室号', 'Unit and room'],
  phone: ['电话', 'Phone'], state: ['状态', 'State'], s_none: ['未送达', 'Not delivered'], s_delivered: ['已送达未读', 'Delivered, not read'], s_read: ['已读未确认', 'Read, not confirmed'],
  told_door: ['上门告知', 'Told at the door'], told_phone: ['电话告知', 'Told by phone'], tick: ['打勾', 'Tick off'], door_list: ['打印敲门名单', 'Print the door-knock list'], door_title: ['敲门名单', 'Door-knock list'],
  door_why: ['名单含电话，查看用途记入日志', 'The list holds phone numbers; the purpose is logged'], door_purpose: ['用途', 'Purpose'], p_emergency: ['紧急情况', 'Emergency'], p_visit: ['上门走访', 'Home visit'],
  by_building: ['按楼幢', 'By building'], from_node: ['来源', 'From'], printed_at: ['打印时间', 'Printed'], refresh: ['刷新', 'Refresh'], members: ['成员', 'Members'],
  delivery: ['各地区签收', 'How far it has come'], delivered_n: ['已签收 {n} / {of}，已办结 {done}', 'received {n} of {of}, done {done}'], underway: ['在途', 'On its way'],
  place: ['地区', 'Place'], received_at: ['签收', 'Received'], done_at: ['办结', 'Done'], open_it: ['{name}：打开', 'Open {name}']
})
