// A fresh machine with the package's configuration, as a folder and a daemon.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')

const KUOTAD = process.env.KUOTAD ?? join(__dirname, '../../../target/debug/kuotad')
const CONFIG = join(__dirname, '../../../config/kuotad.toml')
const DEADLINE_MS = 20_000

/** A machine whose boots the test decides. */
class Pi {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'kuota-first-run-'))
    this.machine = join(this.folder, 'machine')
    mkdirSync(join(this.machine, 'proc/sys/kernel/random'), { recursive: true })
    copyFileSync(CONFIG, join(this.folder, 'kuotad.toml'))
  }

  boot(name) {
    writeFileSync(join(this.machine, 'proc/sys/kernel/random/boot_id'), name)
    writeFileSync(join(this.machine, 'proc/uptime'), '30.00 1.00\n')
    return this.start()
  }

  /** Starts the daemon; resolves with the address of the set-up. */
  start() {
    const env = {
      ...process.env,
      KUOTA__DATA_DIR: join(this.folder, 'data'),
      KUOTA__ADMIN__LISTEN: '127.0.0.1:0',
      KUOTA__PORTAL__LISTEN: '127.0.0.1:0',
    }
    this.log = ''
    const all = ['--config', join(this.folder, 'kuotad.toml'), 'run', '--machine', this.machine]
    this.daemon = spawn(KUOTAD, all, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.daemon.stderr.on('data', (chunk) => { this.log += chunk })
    return this.listens('set-up listens')
  }

  /** Writes a code into the file on the boot partition. */
  code(text) {
    mkdirSync(join(this.machine, 'boot/firmware'), { recursive: true })
    writeFileSync(join(this.machine, 'boot/firmware/kuota-setup'), text)
  }

  async listens(text) {
    const end = Date.now() + DEADLINE_MS
    for (;;) {
      const line = this.log.split('\n').find((row) => row.includes(text))
      const port = line?.match(/127\.0\.0\.1:(\d+)/)?.[1]
      if (port) return `http://127.0.0.1:${port}`
      assert.ok(Date.now() < end && this.daemon.exitCode === null, `never: ${text}: ${this.log}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The power goes. */
  async cut() {
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve))
    this.daemon.kill('SIGKILL')
    await ended
  }
}

module.exports = { DEADLINE_MS, KUOTAD, Pi }
