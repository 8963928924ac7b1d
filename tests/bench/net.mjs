// A forwarder that counts every byte both ways, and waiting for a port.
import net from 'node:net'

export function counter(to) {
  let bytes = 0
  let connections = 0
  const server = net.createServer({ noDelay: true }, near => {
    connections++
    const far = net.connect({ port: to, host: '127.0.0.1', noDelay: true })
    const end = () => { near.destroy(); far.destroy() }
    near.on('data', d => { bytes += d.length }).on('error', end).on('close', end)
    far.on('data', d => { bytes += d.length }).on('error', end).on('close', end)
    near.pipe(far).pipe(near)
  })
  return new Promise(done => server.listen(0, '127.0.0.1', () => done({
    port: server.address().port, bytes: () => bytes, connections: () => connections, close: () => server.close(),
  })))
}

export async function waitPort(port, tries = 150) {
  for (let i = 0; i < tries; i++) {
    const up = await new Promise(done => {
      const s = net.connect(port, '127.0.0.1', () => { s.destroy(); done(true) })
      s.on('error', () => done(false))
    })
    if (up) return
    await new Promise(done => setTimeout(done, 100))
  }
  throw new Error(`nothing listens on ${port}`)
}
