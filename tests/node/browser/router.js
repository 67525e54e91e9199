// A router that lets everybody in and has one device on its hotspot: as much of RouterOS' API as the set-up reads. It shares no
// code with the product's own simulation.
'use strict'

const { createServer } = require('node:net')

const ROWS = {
  '/system/resource/print': [{ uptime: '1d2h3m4s', version: '7.18.2 (stable)', 'board-name': 'hAP ax2' }],
  '/system/identity/print': [{ name: 'Warung' }],
  '/ip/hotspot/print': [{ '.id': '*1', name: 'hotspot1', interface: 'bridge-hotspot', disabled: 'false' }],
  '/ip/address/print': [
    { '.id': '*1', address: '10.5.50.1/24', network: '10.5.50.0', interface: 'bridge-hotspot', disabled: 'false' },
  ],
  '/ip/hotspot/host/print': [{
    '.id': '*1', 'mac-address': '02:00:00:00:00:07', address: '10.5.50.7', 'to-address': '10.5.50.7', uptime: '1m',
    'bytes-in': '0', 'bytes-out': '0', authorized: 'false', bypassed: 'false',
  }],
}

function lengthOf(bytes) {
  if (bytes < 0x80) return Buffer.from([bytes])
  return Buffer.from([0x80 | (bytes >> 8), bytes & 0xff])
}

function sentence(words) {
  const parts = words.flatMap((word) => [lengthOf(Buffer.byteLength(word)), Buffer.from(word)])
  return Buffer.concat([...parts, Buffer.from([0])])
}

/** The first whole sentence of a buffer, and the rest; nothing while it is not whole. */
function split(buffer) {
  const words = []
  let at = 0
  while (at < buffer.length) {
    let length = buffer[at++]
    if (length >= 0x80) {
      if (at >= buffer.length) return undefined
      length = ((length & 0x3f) << 8) | buffer[at++]
    }
    if (length === 0) return { words, rest: buffer.subarray(at) }
    if (at + length > buffer.length) return undefined
    words.push(buffer.subarray(at, at + length).toString())
    at += length
  }
  return undefined
}

/** Starts the router; resolves with its address and what was asked of it. */
function startRouter() {
  const asked = []
  const server = createServer((socket) => {
    let received = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      for (let next = split(received); next; next = split(received)) {
        received = Buffer.from(next.rest)
        const [command, ...more] = next.words
        const tag = more.filter((word) => word.startsWith('.tag='))
        asked.push(command)
        for (const row of ROWS[command] ?? []) {
          socket.write(sentence(['!re', ...Object.entries(row).map(([name, value]) => `=${name}=${value}`), ...tag]))
        }
        socket.write(sentence(['!done', ...tag]))
      }
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, asked, address: `127.0.0.1:${server.address().port}` }))
  })
}

module.exports = { startRouter }
