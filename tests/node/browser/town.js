// A demo of its own for one file of browser tests: the real programs on free loopback ports, a browser, and what the
// owner can do over the API. Everything a page does that it should not is noted and fails the test that did it.
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { mkdtempSync, readFileSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { launch } = require('./phone.js')

const KUOTAD = process.env.KUOTAD ?? join(__dirname, '../../../target/debug/kuotad')
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
// The device that has this machine's address.
const GUEST_MAC = '02:C0:1D:FF:FF:00'
const DEADLINE_MS = 20_000

const PHONE = { width: 360, height: 740 }
const CHROME_PHONE =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36'
const CAPTIVE_IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148'
const CAPTIVE_ANDROID =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36'

/** What a page did that no page may do. */
class Watch {
  constructor(hosts) {
    this.hosts = hosts
    this.faults = []
  }

  over(page) {
    page.on('console', (line) => {
      // A refused form answers 4xx on purpose; the browser says so on the console.
      const isAnswer = /status of 4\d\d/.test(line.text())
      if (line.type() === 'error' && !isAnswer) this.faults.push(`${page.url()}: console: ${line.text()}`)
    })
    page.on('pageerror', (error) => this.faults.push(`${page.url()}: ${error}`))
    page.on('request', (request) => {
      const url = new URL(request.url())
      const isOurs = this.hosts.includes(url.host) || ['data:', 'about:'].includes(url.protocol)
      if (!isOurs) this.faults.push(`${page.url()}: asked ${url.origin}`)
    })
  }

  check() {
    assert.deepEqual(this.faults.splice(0), [])
  }
}

class Town {
  /** A town of one, where hardly anything flows, unless told otherwise. */
  static async open({ users = 1, speed = 0.01, mode = 'core', more = [] } = {}) {
    const town = new Town()
    town.folder = mkdtempSync(join(tmpdir(), 'kuota-browser-'))
    const all = ['demo', '--users', users, '--speed', speed, '--mode', mode, '--data-dir', join(town.folder, 'data'), ...more]
    town.demo = spawn(KUOTAD, all.map(String), { stdio: ['ignore', 'pipe', 'pipe'] })
    await town.#greeting()
    const hosts = [town.admin, town.portal, town.bank].map((url) => new URL(url).host)
    town.watch = new Watch(hosts)
    town.browser = await launch()
    town.cookie = await town.session({ name: town.owner, password: town.password })
    await town.#settled()
    return town
  }

  #greeting() {
    let text = ''
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no greeting: ${text}`)), DEADLINE_MS)
      const read = (chunk) => {
        text += chunk
        const find = (name) => text.match(new RegExp(`^${name} +(.*)$`, 'm'))?.[1]
        if (!find('bank')?.endsWith('/simulator')) return
        ;[this.admin, this.portal] = [find('admin'), find('portal')]
        this.bank = find('bank')
        ;[this.owner, this.password] = find('log-in').split(' ')
        clearTimeout(late)
        resolve()
      }
      this.demo.stdout.on('data', read)
      this.demo.stderr.on('data', (chunk) => { text += chunk })
      this.demo.on('exit', (code) => reject(new Error(`the demo ended with ${code}: ${text}`)))
    })
  }

  /** Everybody has moved in. */
  async #settled() {
    this.guest = await this.until('the guest has moved in', async () => {
      const { items } = await this.api('GET', '/users?q=Tamu')
      return items.find((user) => user.access.reason === 'debt_overdue' && user.devices[0]?.online)
    })
    const { items } = await this.api('GET', '/packages')
    this.packages = items
  }

  /** A call of the owner, unless told otherwise. */
  async api(method, path, body, cookie = this.cookie) {
    const answer = await fetch(`${this.admin}/api/v1${path}`, {
      method,
      headers: { cookie, origin: this.admin, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    return text && JSON.parse(text)
  }

  /** A session of an admin, as the cookie that a browser sends. */
  async session({ name, password }) {
    const answer = await fetch(`${this.admin}/api/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: name, password }),
    })
    assert.equal(answer.status, 200)
    return answer.headers.get('set-cookie').split(';')[0]
  }

  /** A call of another admin. */
  async as(admin, method, path, body) {
    return this.api(method, path, body, await this.session(admin))
  }

  user(id) {
    return this.api('GET', `/users/${id}`)
  }

  /** A customer of its own for one test, who is whoever opens the portal from here on. */
  async customer(name, settings = {}) {
    await this.unbindGuest()
    const user = await this.api('POST', '/users', { name, ...settings })
    await this.api('POST', `/users/${user.id}/devices`, { mac: GUEST_MAC, label: 'HP' })
    await this.until('the device is seen', async () => (await this.user(user.id)).devices[0]?.online)
    return user
  }

  /** The device that opens the portal is nobody's from here on. */
  async unbindGuest() {
    const { items } = await this.api('GET', `/users?q=${GUEST_MAC}`)
    for (const { id, devices } of items) {
      if (devices.some(({ mac }) => mac === GUEST_MAC)) await this.api('DELETE', `/users/${id}/devices/${GUEST_MAC}`)
    }
  }

  /** Whoever opens the portal asks for help there. */
  async askForHelp() {
    const page = await this.page()
    await page.goto(`${this.portal}/bantuan`)
    await page.getByRole('button', { name: 'Kirim' }).click()
    await page.getByText('menunggu pengelola').waitFor()
    await page.context().close()
  }

  debt(user, debt) {
    return this.api('POST', `/users/${user.id}/debts`, debt)
  }

  async until(what, look) {
    const end = Date.now() + DEADLINE_MS
    for (;;) {
      const found = await look()
      if (found) return found
      assert.ok(Date.now() < end, `never: ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** A page of a browser of its own; a phone of 360 px unless told otherwise. */
  async page(options = {}) {
    const context = await this.browser.newContext({
      viewport: PHONE, userAgent: CHROME_PHONE, locale: 'id-ID', ...options,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    this.watch.over(page)
    return page
  }

  /** The desk, with the owner logged in by the form. */
  async desk(options = {}) {
    const page = await this.page({ viewport: { width: 1280, height: 900 }, ...options })
    await page.goto(`${this.admin}/masuk`)
    await page.getByLabel('Nama').fill(this.owner)
    await page.getByLabel('Kata sandi').fill(this.password)
    await page.getByRole('button', { name: 'Masuk' }).click()
    await page.waitForURL(`${this.admin}/`)
    return page
  }

  /** The desk with somebody who logged in before, the owner unless told otherwise. */
  async seated(options = {}, as = undefined) {
    const page = await this.page({ viewport: { width: 1280, height: 900 }, ...options })
    const [name, value] = (as ? await this.session(as) : this.cookie).split('=')
    await page.context().addCookies([{ name, value, url: this.admin }])
    return page
  }

  /** Somebody pays at the bank what waits there for longest, on a page of its own; `text` finds it. */
  async payAtBank(text) {
    const page = await this.page()
    await page.goto(this.bank)
    await page.getByRole('link', { name: text }).first().click()
    await page.getByRole('button', { name: 'Bayar', exact: true }).first().click()
    await page.context().close()
  }

  /** This order is paid at the bank. */
  async payOrder(id) {
    const answer = await fetch(`${this.bank.replace(/\/simulator$/, '')}/simulator/${id}/pay`, { method: 'POST' })
    assert.ok(answer.ok, `${id} could not be paid: ${answer.status}`)
  }

  async close() {
    await this.browser?.close()
    this.demo.removeAllListeners('exit')
    const ended = new Promise((resolve) => this.demo.once('exit', resolve))
    this.demo.kill('SIGTERM')
    const code = await ended
    rmSync(this.folder, { recursive: true, force: true })
    assert.equal(code, 0, 'the demo ends well, its sums equal')
  }
}

/** Opens what a page keeps below summaries. */
async function unfold(page) {
  for (const summary of await page.locator('main details:not([open]) > summary').all()) {
    if (await summary.isVisible()) await summary.click()
  }
}

/** Presses the page's button for printing. Answers how often the browser was asked to. */
async function prints(page) {
  await page.evaluate(() => {
    window.asked = 0
    window.print = () => { window.asked += 1 }
  })
  await page.locator('[data-print]:visible').first().click()
  return page.evaluate(() => window.asked)
}

/** Nothing wider than the screen. */
async function noSidewaysScroll(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(wide <= 0, `${page.url()} is ${wide} px too wide`)
}

/** No table is wider than its place, and no number in it is broken over two lines. */
async function uncut(page) {
  const cut = await page.evaluate(() => {
    const found = []
    for (const place of document.querySelectorAll('.scroll')) {
      if (place.scrollWidth > place.clientWidth + 1) found.push(`table of ${place.scrollWidth} px in ${place.clientWidth}`)
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
      const text = texts.currentNode
      const cell = text.parentElement.closest('td, th')
      if (!cell || !cell.getClientRects().length) continue
      for (const number of text.data.matchAll(/\d[\d.,]*/g)) {
        const range = document.createRange()
        range.setStart(text, number.index)
        range.setEnd(text, number.index + number[0].length)
        if (range.getClientRects().length > 1 && number[0].length <= 20) found.push(`broken: ${text.data}`)
      }
    }
    return found
  })
  assert.deepEqual(cut, [], page.url())
}

/** No serious finding of axe. */
async function accessible(page) {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }))
  const grave = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
  assert.deepEqual(told, [], page.url())
}

module.exports = { CAPTIVE_ANDROID, CAPTIVE_IPHONE, GUEST_MAC, PHONE, Town, accessible, noSidewaysScroll, prints, uncut, unfold }
module.exports.Watch = Watch
