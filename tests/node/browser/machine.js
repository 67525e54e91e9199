// The real program beside a router that shares no code with it, for tests of pages that no demo has.
'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawn } = require('node:child_process')
const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { createInterface } = require('node:readline')

const ROOT = join(__dirname, '../../..')
const KUOTAD = process.env.KUOTAD ?? join(ROOT, 'target/debug/kuotad')
const PYTHON = join(ROOT, '.venv/bin/python')
const DEADLINE_MS = 30_000
const OWNER = { name: 'pemilik', password: 'rahasia sekali sekali' }

/** A router with hotspot users. */
class LiveRouter {
  static async open() {
    const router = new LiveRouter()
    router.process = spawn(PYTHON, ['-u', join(__dirname, 'live_router.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    router.lines = createInterface({ input: router.process.stdout })[Symbol.asyncIterator]()
    ;[router.address, router.user, router.password] = (await router.line()).split(' ')
    return router
  }

  async line() {
    const { value, done } = await this.lines.next()
    assert.ok(!done, 'the router ended')
    return value
  }

  ask(question) {
    this.process.stdin.write(`${question}\n`)
    return this.line()
  }

  close() {
    this.process.kill('SIGKILL')
  }
}

/** A machine with an owner. */
class Machine {
  constructor(router) {
    this.folder = mkdtempSync(join(tmpdir(), 'kuota-machine-'))
    this.data = join(this.folder, 'data')
    mkdirSync(this.data)
    const secret = join(this.folder, 'router.password')
    writeFileSync(secret, `${router.password}\n`, { mode: 0o600 })
    this.config = join(this.folder, 'kuotad.toml')
    writeFileSync(this.config, [
      `data_dir = "${this.data}"`, 'timezone = "Asia/Jakarta"',
      '[admin]', 'listen = "127.0.0.1:0"', '[portal]', 'listen = "127.0.0.1:0"', '[clock]', 'trust = "always"',
      '[store]', 'commit_interval = "1s"',
      '[router]', `address = "${router.address}"`, 'tls = "off"', `username = "${router.user}"`,
      `password_file = "${secret}"`, 'poll_interval = "200ms"', 'timeout = "2s"', '',
    ].join('\n'))
    this.cli(['admin', 'add', OWNER.name, '--role', 'owner', '--password-stdin'], `${OWNER.password}\n`)
  }

  cli(all, input = '') {
    return execFileSync(KUOTAD, ['--config', this.config, ...all], { input, stdio: ['pipe', 'pipe', 'pipe'] }).toString()
  }

  /** Starts the daemon; `desk` is its address from then on. */
  async start() {
    this.log = ''
    this.daemon = spawn(KUOTAD, ['--config', this.config, 'run'], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.daemon.stderr.on('data', (chunk) => { this.log += chunk })
    await this.listens()
  }

  /** Waits until the desk listens, after a start or a restart within the process. */
  async listens() {
    const port = await this.until('the desk listens', () =>
      this.log.split('\n').find((line) => line.includes('admin listens'))?.match(/127\.0\.0\.1:(\d+)/)?.[1])
    this.desk = `http://127.0.0.1:${port}`
  }

  async stop() {
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve))
    this.daemon.kill('SIGTERM')
    await ended
  }

  /** The power goes. */
  async kill() {
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve))
    this.daemon.kill('SIGKILL')
    await ended
  }

  /** A copy of the store; answers its file. */
  copy() {
    const copy = join(this.folder, 'copy.db')
    this.cli(['backup', copy, '--force'])
    return copy
  }

  /** The store comes back from a copy, of now unless told otherwise, onto an empty card: it is passive. */
  restoreOnNewCard(copy = this.copy()) {
    rmSync(this.data, { recursive: true })
    mkdirSync(this.data)
    this.cli(['restore', copy])
  }

  async api(method, path, body) {
    const answer = await fetch(`${this.desk}/api/v1${path}`, {
      method,
      headers: { cookie: this.cookie ?? '', origin: this.desk, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
    const cookie = answer.headers.get('set-cookie')
    if (cookie) this.cookie = cookie.split(';')[0]
    const text = await answer.text()
    return text && JSON.parse(text)
  }

  async logIn() {
    await this.api('POST', '/login', { username: OWNER.name, password: OWNER.password })
  }

  async until(what, look) {
    const end = Date.now() + DEADLINE_MS
    for (;;) {
      const found = await look()
      if (found) return found
      assert.ok(Date.now() < end && this.daemon.exitCode === null, `never: ${what}: ${this.log}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async close() {
    if (this.daemon?.exitCode === null && this.daemon.signalCode === null) await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

module.exports = { LiveRouter, Machine, OWNER }
