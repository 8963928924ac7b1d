// A link that can be cut: forwards 127.0.0.1:<from> to 127.0.0.1:<to> until it is killed.
import net from 'node:net'
const [from, to] = process.argv.slice(2).map(Number)
net.createServer(near => {
  const far = net.connect(to, '127.0.0.1')
  const end = () => { near.destroy(); far.destroy() }
  near.on('error', end).on('close', end)
  far.on('error', end).on('close', end)
  near.pipe(far).pipe(near)
}).listen(from, '127.0.0.1')
