// The console of the relay's operators in a browser: the first log-in with its codes, a site added and disabled, with scripts and
// without, on a phone and on a wide screen.
'use strict'

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const { createHmac } = require('node:crypto')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { dirname, join } = require('node:path')
const { after, afterEach, before, test } = require('node:test')
const { launch } = require('./phone.js')
const { PHONE, Watch, accessible, noSidewaysScroll } = require('./town.js')

const KUOTAD = process.env.KUOTAD ?? join(__dirname, '../../../target/debug/kuotad')
const KUOTA_RELAY = process.env.KUOTA_RELAY ?? join(dirname(KUOTAD), 'kuota-relay')
const DEADLINE_MS = 20_000
const PASSWORD = 'sandi pemilik relay'
const DESKTOP = { width: 1280, height: 900 }

/** A one-time code of RFC 6238: SHA-1, six digits, 30 s. */
function codeOf(secret, at = Date.now()) {
  const bits = [...secret.replace(/\s/g, '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)))
  const mac = createHmac('sha1', key).update(step).digest()
  const from = mac.at(-1) & 15
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

/** The relay on a folder of its own, its console, and a browser. */
class Relay {
  static async open() {
    const relay = new Relay()
    relay.folder = mkdtempSync(join(tmpdir(), 'kuota-console-'))
    const [api, console] = [await freePort(), await freePort()]
    relay.url = `http://127.0.0.1:${api}`
    relay.console = `http://127.0.0.1:${console}`
    const file = (name) => join(relay.folder, name)
    writeFileSync(file('m1.key'), 'SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa')
    writeFileSync(file('relay.toml'), `listen = "127.0.0.1:${api}"
database = "sqlite:${file('relay.db')}"
encryption_key_file = "${file('encryption.key')}"
[console]
listen = "127.0.0.1:${console}"
[[merchant]]
id = "m1"
server_key_file = "${file('m1.key')}"
`)
    relay.process = spawn(KUOTA_RELAY, ['--config', file('relay.toml'), 'run'], { stdio: ['ignore', 'ignore', 'pipe'] })
    relay.log = ''
    relay.process.stderr.on('data', (chunk) => { relay.log += chunk })
    await relay.until('the console answers', () => fetch(`${relay.console}/masuk`).then(({ ok }) => ok, () => false))
    relay.command('operator', 'add', 'budi', '--role', 'owner', '--password-stdin')
    relay.watch = new Watch([new URL(relay.console).host])
    relay.browser = await launch()
    return relay
  }

  /** A command of the program, which must succeed. */
  command(...args) {
    const all = ['--config', join(this.folder, 'relay.toml'), ...args]
    const { status, stderr } = spawnSync(KUOTA_RELAY, all, { input: `${PASSWORD}\n`, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }

  async until(what, look) {
    const end = Date.now() + DEADLINE_MS
    for (;;) {
      const found = await look()
      if (found) return found
      assert.ok(Date.now() < end, `never: ${what}\n${this.log}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async page(options = {}) {
    const context = await this.browser.newContext({ viewport: DESKTOP, locale: 'id-ID', ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    this.watch.over(page)
    return page
  }

  /** A page of the owner, who logged in before. */
  async seated(options = {}) {
    const page = await this.page(options)
    await page.context().addCookies(this.cookies)
    return page
  }

  /** What an agent does: it asks for its feed and reports. */
  async agent(token, report) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    await this.until('the relay knows the token', async () => (await fetch(`${this.url}/v1/feed?after=0`, { headers })).ok)
    const answer = await fetch(`${this.url}/v1/health`, { method: 'POST', headers, body: JSON.stringify(report) })
    assert.equal(answer.status, 200)
  }

  async close() {
    await this.browser?.close()
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.kill('SIGTERM')
    const code = await ended
    rmSync(this.folder, { recursive: true, force: true })
    assert.equal(code, 0, this.log)
  }
}

let relay
before(async () => {
  relay = await Relay.open()
  await firstLogIn()
})
after(() => relay?.close())
afterEach(() => relay.watch.check())

/** Logs in for the first time, which sets the codes up. The secret is kept for the tests, as an authenticator does. */
async function firstLogIn() {
  const page = await relay.page({ viewport: PHONE })
  await page.goto(relay.console)
  await accessible(page)
  await noSidewaysScroll(page)
  await page.getByLabel('Nama').fill('budi')
  await page.getByLabel('Kata sandi').fill(PASSWORD)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('heading', { name: 'Pasang kode sekali pakai' }).waitFor()
  await page.locator('.qr svg').waitFor()
  await accessible(page)
  await noSidewaysScroll(page)
  relay.secret = await page.locator('main code').textContent()
  await page.getByLabel('Kode 6 angka').fill(codeOf(relay.secret))
  await page.getByRole('button', { name: 'Pastikan' }).click()
  await page.waitForURL(`${relay.console}/`)
  relay.cookies = await page.context().cookies()
  await page.context().close()
}

/** Adds a site by the pages; its token. */
async function addSite(page, name) {
  await page.goto(relay.console)
  await page.getByRole('link', { name: 'Tambah lokasi' }).click()
  await page.getByLabel('Nama lokasi').fill(name)
  await page.getByLabel('Merchant').selectOption('m1')
  await page.locator('main').getByRole('button', { name: 'Tambah lokasi' }).click()
  await page.getByRole('status').getByText('hanya ditampilkan sekali').waitFor()
  return (await page.getByRole('status').locator('.number').textContent()).trim()
}

test('a site is added, seen, disabled and enabled, with its token shown once', async () => {
  const page = await relay.seated()
  const token = await addSite(page, 'warung-1')
  assert.match(token, /^kuota_site_[0-9a-f]{64}$/)
  await accessible(page)
  await page.reload()
  assert.equal(await page.getByText(token).count(), 0, 'it is gone')
  await relay.agent(token, { version: '0.1.0', router: 'ok', users: { active: 41 } })
  await page.goto(relay.console)
  await page.getByRole('row', { name: /warung-1/ }).getByText('tersambung').waitFor()
  await page.getByRole('link', { name: 'warung-1' }).click()
  await page.getByText('aktif 41').waitFor()
  await page.getByRole('link', { name: 'Nonaktifkan' }).click()
  await page.locator('main').getByRole('button', { name: 'Nonaktifkan' }).click()
  await page.getByRole('status').getByText('dinonaktifkan').waitFor()
  const headers = { authorization: `Bearer ${token}` }
  await relay.until('its calls are refused', async () => (await fetch(`${relay.url}/v1/feed?after=0`, { headers })).status === 403)
  await page.getByRole('link', { name: 'Aktifkan' }).click()
  await page.locator('main').getByRole('button', { name: 'Aktifkan' }).click()
  await page.getByRole('status').getByText('aktif lagi').waitFor()
  await page.context().close()
})

test('without scripts everything works by its buttons', async () => {
  const page = await relay.seated({ viewport: PHONE, javaScriptEnabled: false })
  const token = await addSite(page, 'warung-2')
  assert.match(token, /^kuota_site_/)
  await page.goto(`${relay.console}/?q=warung-2`)
  await page.getByRole('link', { name: 'warung-2' }).click()
  await page.getByRole('link', { name: 'Nonaktifkan' }).click()
  await page.locator('main').getByRole('button', { name: 'Nonaktifkan' }).click()
  await page.getByText('dinonaktifkan').waitFor()
  await page.goto(`${relay.console}/tambah-lokasi`)
  await page.getByLabel('Nama lokasi').fill('warung-2')
  await page.locator('main').getByRole('button', { name: 'Tambah lokasi' }).click()
  await page.getByText('Nama ini sudah dipakai').waitFor()
  await page.context().close()
})

test('a hostile report stays text', async () => {
  const page = await relay.seated()
  const token = await addSite(page, 'warung-3')
  const hostile = '<img src=x onerror=document.title=1>\u202e'
  await relay.agent(token, { version: hostile, router: hostile, store: hostile })
  for (const path of ['/', '/lokasi/warung-3']) {
    await page.goto(relay.console + path)
    await page.getByText(path === '/' ? '<img src=x o' : hostile.slice(0, -1)).first().waitFor()
    assert.equal(await page.locator('main img').count(), 0)
  }
  await page.context().close()
})

const PAGES = ['/', '/lokasi/warung-1', '/lokasi/warung-1/ganti-token', '/tambah-lokasi', '/merchant', '/merchant/tambah', '/akun',
  '/akun/tambah', '/catatan', '/saya', '/saya/kata-sandi', '/tidak-ada']

for (const [name, options] of [
  ['a phone', { viewport: PHONE }],
  ['a phone in the dark', { viewport: PHONE, colorScheme: 'dark' }],
  ['a wide screen', {}],
]) {
  test(`every page fits ${name} and reads well`, async () => {
    const page = await relay.seated(options)
    for (const path of PAGES) {
      await page.goto(relay.console + path)
      await page.locator('main h1').waitFor()
      await noSidewaysScroll(page)
      await accessible(page)
      if (process.env.SHOTS) {
        const file = `${path.replaceAll('/', '_')}-${options.viewport ? 360 : 1280}${options.colorScheme ?? ''}.png`
        await page.screenshot({ path: join(process.env.SHOTS, file), fullPage: true })
      }
    }
    await page.context().close()
  })
}

test('a phone has every tab in its bar, and rows are cards', async () => {
  const page = await relay.seated({ viewport: PHONE })
  await page.goto(relay.console)
  const tabs = await page.locator('nav.menu a:visible').evaluateAll((all) => all.map(({ textContent }) => textContent.trim()))
  assert.deepEqual(tabs, ['Lokasi', 'Merchant', 'Catatan', 'Akun', 'Saya'])
  const row = page.locator('table.stack tbody tr').first()
  assert.equal(await row.evaluate((row) => getComputedStyle(row).display), 'block')
  await page.getByRole('link', { name: 'Saya' }).click()
  await page.locator('main').getByRole('button', { name: 'Keluar' }).waitFor()
  await page.context().close()
})

test('a log-in asks for a code, and a wrong one is said', async () => {
  const page = await relay.page()
  await page.goto(`${relay.console}/merchant`)
  await page.getByLabel('Nama').fill('budi')
  await page.getByLabel('Kata sandi').fill(PASSWORD)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('heading', { name: 'Kode verifikasi' }).waitFor()
  await page.getByLabel('Kode 6 angka').fill('000000')
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('alert').waitFor()
  await accessible(page)
  // The code of the first log-in is used up: the one of the next half minute is accepted already.
  await page.getByLabel('Kode 6 angka').fill(codeOf(relay.secret, Date.now() + 30_000))
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.waitForURL(`${relay.console}/merchant`)
  await page.getByRole('button', { name: /^Keluar/ }).click()
  await page.waitForURL(`${relay.console}/masuk`)
  await page.context().close()
})
