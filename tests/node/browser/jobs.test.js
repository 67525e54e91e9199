// The six jobs of an owner's day, done on a phone from the dashboard on, with every press, field and page load counted;
// and how much of the pages that matter a phone shows without scrolling. The figures are printed as tables.
'use strict'

const assert = require('node:assert/strict')
const { after, afterEach, before, test } = require('node:test')
const { GUEST_MAC, PHONE, Town, noSidewaysScroll } = require('./town.js')

const PAGE_BYTES_MAX = 50_000
// The bar at the lower edge of the desk covers this much.
const BAR_PX = 56
// Two screens, and what waits for somebody.
const DASHBOARD_PX_MAX = 1_480

let town
before(async () => { town = await Town.open({ users: 6 }) })
after(() => {
  print('| job | presses | fields | page loads |', jobs.map((job) => [job.name, job.presses, job.fields, job.loads]))
  print('| page at 360 x 740 | height px | bytes | without scrolling |', screens)
  return town?.close()
})
afterEach(() => town.watch.check())

const jobs = []
const screens = []

function print(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  console.log([head, head.replace(/[^|]+/g, '---'), ...rows.map(line)].join('\n'))
}

/** Somebody at the desk whose every press, field and page load counts. */
class Worker {
  constructor(name, page) {
    Object.assign(this, { name, page, presses: 0, fields: 0, loads: 0 })
    page.on('domcontentloaded', () => { this.loads += 1 })
  }

  static async at(name) {
    const page = await town.seated({ viewport: PHONE })
    await page.goto(town.admin)
    return new Worker(name, page)
  }

  async press(locator) {
    this.presses += 1
    await locator.click()
  }

  async fill(locator, text) {
    this.fields += 1
    await locator.fill(text)
  }

  /** Ends the job; no more than these were needed. */
  async done(limits) {
    await noSidewaysScroll(this.page)
    await this.page.context().close()
    jobs.push(this)
    for (const [what, max] of Object.entries(limits)) {
      assert.ok(this[what] <= max, `${this.name}: ${this[what]} ${what}, at most ${max}`)
    }
  }
}

const tab = (page, name) => page.locator('nav.menu a:visible').filter({ hasText: name })
const button = (page, name) => page.getByRole('button', { name }).first()

test('a cash sale', async () => {
  const user = await town.api('POST', '/users', { name: 'Langganan Tunai' })
  const at = await Worker.at('cash sale')
  await at.press(tab(at.page, 'Jual'))
  await at.press(at.page.getByRole('link', { name: new RegExp(`^Layani.*${user.name}$`) }))
  await at.page.locator('dialog[open]').waitFor()
  await at.press(button(at.page.locator('dialog[open]'), /^Terima Rp 50\.000/))
  await at.page.locator('.receipt').waitFor()
  await at.page.getByText('Diterima Rp 50.000').waitFor()
  await at.done({ presses: 3, loads: 2, fields: 0 })
})

test('a debt payment', async () => {
  const user = await town.api('POST', '/users', { name: 'Langganan Utang' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000 })
  const at = await Worker.at('debt payment')
  await at.press(tab(at.page, 'Jual'))
  await at.press(at.page.getByRole('link', { name: new RegExp(`^Layani.*${user.name}$`) }))
  await at.page.locator('dialog[open]').waitFor()
  await at.press(button(at.page.locator('dialog[open]'), /^Terima Rp 20\.000/))
  await at.page.getByText('Diterima Rp 20.000').waitFor()
  assert.equal((await town.user(user.id)).debt_items_bytes, 0)
  await at.done({ presses: 3, loads: 2, fields: 0 })
})

test('a new customer with the device that is on the hotspot and a package', async () => {
  await town.unbindGuest()
  const at = await Worker.at('new customer with device and package')
  await at.press(tab(at.page, 'Jual'))
  await at.press(at.page.getByRole('link', { name: new RegExp(`^Pelanggan baru.*${GUEST_MAC}$`) }))
  await at.page.locator('dialog[open]').waitFor()
  await at.fill(at.page.getByLabel('Nama', { exact: true }), 'Tamu Baru')
  await at.press(button(at.page.locator('dialog[open]'), 'Lanjut'))
  await at.press(button(at.page, /^Terima Rp 50\.000/))
  await at.page.locator('.receipt').waitFor()
  const { items: [made] } = await town.api('GET', '/users?q=Tamu%20Baru')
  assert.deepEqual([made.devices[0].mac, made.remaining_mb], [GUEST_MAC, '5120.00'])
  await at.done({ presses: 4, fields: 1, loads: 3 })
})

test('why a customer is blocked', async () => {
  const user = await town.api('POST', '/users', { name: 'Langganan Terblokir' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000, debt_date: '2026-01-01', due_date: '2026-01-15' })
  const at = await Worker.at('why a customer is blocked')
  await at.fill(at.page.locator('#cari'), 'terblokir')
  at.presses += 1
  await at.page.locator('#cari').press('Enter')
  await at.page.waitForURL(`${town.admin}/pelanggan/${user.id}`)
  await at.page.getByText('tagihan lewat jatuh tempo').first().waitFor()
  await at.done({ presses: 1, fields: 1, loads: 1 })
})

test('debtors are reminded', async () => {
  const user = await town.api('POST', '/users', { name: 'Langganan Lupa', phone: '0812-9000-1000' })
  await town.debt(user, { amount: '1 GB', price_rp: 30_000, debt_date: '2026-01-01', due_date: '2026-01-15' })
  const at = await Worker.at('remind a debtor')
  await at.press(tab(at.page, 'Tagihan'))
  // The message is ready in a conversation of another site, which is not opened here.
  const chat = at.page.locator('a[href^="https://wa.me/6281290001000?text="]').first()
  await chat.waitFor()
  at.presses += 1
  await at.done({ presses: 2, fields: 0, loads: 1 })
})

test('the drawer is closed', async () => {
  const at = await Worker.at('close the drawer')
  await at.press(tab(at.page, 'Lainnya'))
  await at.press(at.page.locator('main').getByRole('link', { name: 'Kasir' }))
  await at.press(at.page.getByRole('link', { name: 'Tutup laci' }).first())
  await at.fill(at.page.getByLabel(/dihitung/i), '120.000')
  await at.press(button(at.page, 'Lanjut'))
  await at.press(button(at.page, 'Ya, lakukan'))
  await at.page.getByRole('status').getByText('Sudah dilakukan').waitFor()
  await at.done({ presses: 5, fields: 1, loads: 5 })
})

/** What of a page a phone shows at first: its headings, large figures and buttons. */
function visible(page, bottom) {
  return page.evaluate((bottom) => {
    const all = [...document.querySelectorAll('main :is(h1, h2, .figure, .button, button, .badge)')]
    const shown = all.filter((one) => {
      const { top, height } = one.getBoundingClientRect()
      return one.checkVisibility() && height > 1 && top >= 0 && top + height <= bottom
    })
    return shown.map(({ innerText }) => innerText.replace(/\s+/g, ' ').trim()).filter((text) => text.length > 1).slice(0, 8).join(', ')
  }, bottom)
}

async function measure(name, url, bar) {
  const page = bar ? await town.seated({ viewport: PHONE }) : await town.page()
  const answer = await page.goto(url)
  const bytes = (await answer.body()).length
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  screens.push([name, height, bytes, await visible(page, PHONE.height - bar)])
  assert.ok(bytes <= PAGE_BYTES_MAX, `${name}: ${bytes} bytes`)
  await noSidewaysScroll(page)
  await page.context().close()
  return height
}

test('what a phone shows', async () => {
  const user = await town.customer('Langganan Layar')
  await town.api('POST', `/users/${user.id}/credits`, { amount: '5 GB', days: 30, reason: 'uji' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000 })
  const dashboard = await measure('dashboard', `${town.admin}/`, BAR_PX)
  assert.ok(dashboard <= DASHBOARD_PX_MAX, `the dashboard is ${dashboard} px high`)
  await measure('customer', `${town.admin}/pelanggan/${user.id}`, BAR_PX)
  await measure('counter', `${town.admin}/jual`, BAR_PX)
  await measure('counter, one customer', `${town.admin}/jual/${user.id}`, BAR_PX)
  await measure('debts', `${town.admin}/tagihan`, BAR_PX)
  await measure('packages', `${town.admin}/paket`, BAR_PX)
  await measure('devices', `${town.admin}/perangkat`, BAR_PX)
  await measure('portal home', `${town.portal}/`, 0)
})
