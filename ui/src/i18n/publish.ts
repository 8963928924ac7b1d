// Words of letters, publishing and interfaces beside forms and lists: [Chinese, English].
import { speak } from '.'

export const w = speak({
  similar: ['附近已有人反映，可一同关注', 'Reported nearby already: join instead'], similar_what: ['看看是不是同一件事；一同关注后，办理进展会通知您。', 'See whether it is the same; who joins can follow it.'],
  metres: ['约 {n} 米', 'about {n} m'], here: ['同一幢', 'same building'], joined: ['{n} 人关注', '{n} joined'], join: ['就是这件，一同关注', 'This is it: join'], is_mine: ['已关注', 'Joined'],
  photo: ['现场照片 {n}', 'Photo {n}'], readers: ['本地已读 {n} 人', 'Read by {n} here'], below: ['下级已读 {n} 人', 'Read by {n} below'], by_place: ['各地阅读', 'Readers by place'],
  place: ['地区', 'Place'], number: ['人数', 'Readers'], as_of: ['截至', 'As of'],
  key: ['接口密钥', 'Token'], key_what: ['密钥只显示这一次，请交给对方妥善保管；重新发放后原密钥作废。', 'The token is shown once; a new one ends the one before.'], issue: ['发放密钥', 'Issue a token'],
  sure: ['确定发放', 'Issue it'], cancel: ['取消', 'Cancel'], use: ['请求时在 Authorization 头中写 Bearer 加密钥；Open311 写作 api_key。', 'Send it as Authorization: Bearer …; for Open311 as api_key.']
})
