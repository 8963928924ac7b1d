// Words of the page for memory sticks: [Chinese, English].
import { speak } from '.'

export const w = speak({
  title: ['U 盘传递', 'Memory sticks'], what: ['没有网络时，用 U 盘在上下级之间传递。内容已加密签名，路上的人读不到，也改不了。', 'Without a link, a stick carries data between levels. It is sealed and signed: whoever carries it can neither read nor change it.'],
  write: ['写出', 'Write'], for_whom: ['写给谁', 'For whom'], parent: ['上级', 'level above'], child: ['下级', 'node below'], all: ['全部写出（对方换了新机器，或提示缺了一段时）', 'Everything (the other box is new, or says that something is missing)'],
  make: ['生成 U 盘文件', 'Make the file'], making: ['正在生成…', 'Making it…'], made: ['已生成，请下载到 U 盘', 'Made: download it onto the stick'], download: ['下载（{size}）', 'Download ({size})'], nobody: ['没有可以传递的上下级节点', 'There is no node above or below'],
  take: ['读入', 'Take in'], file: ['选择 U 盘文件（.tar）', 'Choose the file (.tar)'], folder: ['或选择整个 U 盘文件夹', 'or the whole folder of the stick'], one_folder: ['选一个文件夹', 'Choose a folder'], looking: ['正在查看…', 'Looking…'],
  empty: ['里面没有邻里的内容', 'Nothing of Linli is in it'], not_tar: ['这不是 U 盘文件（.tar）', 'This is no stick file (.tar)'], from: ['来自', 'From'], to: ['写给', 'For'], at: ['写出时间', 'Written'],
  segments: ['段', 'Segments'], n_new: ['{n} 段，其中新的 {new}', '{n}, new {new}'], keys: ['密钥文件', 'Files of keys'], attachments: ['附件', 'Attachments'], size: ['大小', 'Size'],
  take_it: ['读入这一份', 'Take this one in'], sending: ['正在读入 {n}/{of}', 'Taking in {n}/{of}'],
  done: ['已读入：{segments} 段，{changes} 条变更，{keys} 个密钥，{attachments} 个附件；未被接受 {refused} 条', 'Taken in: {segments} segments, {changes} changes, {keys} keys, {attachments} attachments; {refused} refused'],
  failed: ['{n} 个文件未能读入：{why}', '{n} files could not be taken in: {why}'], answer: ['读入后，请再写一份带回去：对方由此知道已签收。', 'Then write one to carry back: it tells the other side what was signed for.'],
  look_late: ['读入查看（先不算数）', 'Bring it in to look at (counts for nothing yet)'],
  late_in: ['已带入：{segments} 段，{keys} 个密钥。核对下面的内容，属实再采纳；不采纳就一直不算数。', 'Brought in: {segments} segments, {keys} keys. Look through what follows and take over what is true; what is not taken over counts for nothing.'],
  unreadable: ['暂时读不到，请稍后再试', 'Cannot be read just now; try again']
})
