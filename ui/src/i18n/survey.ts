// Words of the voting screens: [Chinese, English].
import { speak } from '.'

export const w = speak({
  vote: ['去投票', 'Vote'], cast: ['提交选票', 'Cast the ballot'], again: ['截止前可以改投，以最后一次为准', 'Until closing you may vote again; the last counts'],
  voted: ['已投票', 'Voted'], not_on_roll: ['您不在这次投票的名册里', 'You are not on the roll of this vote'], with_which: ['用哪一票', 'Which vote'],
  area: ['{n} ㎡', '{n} m²'], turnout: ['参与情况', 'Turnout'], people: ['户/人', 'People'], by_area: ['面积', 'Area'], quorum_met: ['已达到参与比例', 'Enough take part'], quorum_not: ['未达到参与比例', 'Not enough take part yet'],
  papers: ['打印纸质票', 'Print ballot papers'], papers_make: ['生成纸质票（只显示一次）', 'Make papers (shown once)'], papers_what: ['为名册上还没投的每一票各印一张，各有一次性的票号和二维码，供收回后录入。票号只在这里显示这一次，请马上打印；再生成时，上一批作废。', 'One paper for each vote on the roll that was not cast, each with a number and a QR code to be used once when it is keyed in. The numbers are shown here this once: print them now; making them again voids those before.'], papers_made: ['共 {n} 张，请现在打印', '{n} papers: print them now'], key: ['录入纸质票', 'Key a paper ballot'], token: ['票号', 'Token'],
  witness: ['见证人账号', 'Witness (account)'], keyed: ['已录入', 'Keyed'], tally: ['计票表', 'Tally sheet'], counted_by: ['计票人', 'Counted by'], signature: ['签名', 'Signature'], date: ['日期', 'Date'],
  option: ['选项', 'Option'], share: ['占参与者', 'Of those taking part'], passed: ['通过', 'Passed'], not_passed: ['未通过', 'Not passed'], total: ['应投', 'Entitled'], took_part: ['实投', 'Took part'],
  paper_share: ['其中纸质', 'On paper'], points: ['得分', 'Points'], answers: ['份回答', 'answers'], mean: ['平均', 'Mean'], ballot: ['表决票', 'Ballot paper'], mark: ['请在方框内打 √', 'Mark one box'],
  secret: ['不记名：选票封存时不带姓名和时间', 'Secret: sealed without name and time'], anonymous: ['匿名：不记录谁投过', 'Anonymous: not even who voted is kept'], open: ['记名投票', 'Open ballot'],
  object: ['提出异议', 'Object'], until: ['异议截止', 'Objections until'], roll: ['名册', 'Roll'], questions: ['题目', 'Questions'], support: ['附议', 'Support'], supported: ['已附议', 'Supported'],
  first: ['第 {n}', 'No. {n}'], form_version: ['表号', 'Form'], printed: ['打印时间', 'Printed'], result: ['结果', 'Result'], void_two: ['（两位计票人签字有效）', '(valid with two signatures)']
})
