// Plain JavaScript: git starts it with the bare `node`, before and after the build alike.
// Asks one line, `{token, ref, from, to}`; is answered lines: ` text` to show, then `yes` or `no`.
import { connect } from 'node:net'

const [ref, from, to] = process.argv.slice(2)
let verdict = ''
let rest = ''

process.stdout.on('error', () => {}) // nobody watches any more: go on
const socket = connect(process.env.SLUICE_SOCKET)
socket.setEncoding('utf8')
socket.write(`${JSON.stringify({ token: process.env.SLUICE_TOKEN, ref, from, to })}\n`)
socket.on('data', (text) => {
  const lines = (rest + text).split('\n')
  rest = lines.pop()
  for (const line of lines) {
    if (line.startsWith(' ')) process.stdout.write(`${line.slice(1)}\n`)
    else verdict = line
  }
})
socket.on('error', () => {})
socket.on('close', () => {
  if (verdict === '') process.stdout.write(' !     Sluice went away. Its page of deploys tells the outcome.\n')
  process.exitCode = verdict === 'yes' ? 0 : 1
})
