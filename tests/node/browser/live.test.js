// Pages that keep themselves up to date change what changed and nothing else: what a reader selected, focused or opened
// stays. And they follow a payment to its end, at the desk and on the portal.
'use strict'

const assert = require('node:assert/strict')
const { after, afterEach, before, test } = require('node:test')
const { PHONE, Town, accessible, noSidewaysScroll } = require('./town.js')

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

/** Selects the text of an element as a hand does. */
function select(page, selector) {
  return page.locator(selector).first().evaluate((element) => {
    getSelection().selectAllChildren(element)
    return getSelection().toString()
  })
}

const selected = (page) => page.evaluate(() => getSelection().toString())
const focused = (page) => page.evaluate(() => document.activeElement.outerHTML)

/** Waits until the page asked for itself so many times and has shown the answers. */
async function looks(page, times) {
  const { pathname } = new URL(page.url())
  for (let n = 0; n < times; n += 1) {
    const answer = await page.waitForResponse((response) =>
      response.request().resourceType() === 'fetch' && new URL(response.url()).pathname === pathname)
    await answer.finished()
  }
  // Another turn of the page, in which it is shown.
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)) }))
}

/** Every answer that the page gets from here on says something else. */
async function restless(page, change) {
  let n = 0
  await page.route((url) => url.pathname === new URL(page.url()).pathname, async (route) => {
    if (route.request().resourceType() !== 'fetch') return route.continue()
    const answer = await route.fetch()
    n += 1
    return route.fulfill({ response: answer, body: change(await answer.text(), n) })
  })
}

/** An open order of whoever opens the portal. */
async function waiting(name, method) {
  const user = await town.customer(name)
  const [{ id: package_id }] = town.packages
  return town.api('POST', `/users/${user.id}/purchases`, { package_id, method })
}

test('a selection and the focus stay while a payment is awaited, and what changes is shown', async () => {
  const order = await waiting('Pilih', 'va_bni')
  const page = await town.page()
  await page.goto(`${town.portal}/payment/status/${order.id}`)
  const number = await select(page, '.number')
  assert.match(number, /^\d{8,}$/)
  await page.getByRole('button', { name: 'Salin nomor VA' }).focus()
  const before = await focused(page)
  await restless(page, (html, n) => html
    .replace(/(<p class="total">)[^<]*/, `$1Rp ${n}`)
    .replace('<dl class="facts">', `<p class="notice" id="told">Kabar ${n}</p><dl class="facts">`))
  await looks(page, 3)
  await page.locator('#told').waitFor()
  assert.match(await page.locator('p.total').textContent(), /^Rp [1-9]$/)
  assert.equal(await page.locator('#told').count(), 1)
  assert.equal(await selected(page), number)
  assert.equal(await focused(page), before)
  // The clock runs on.
  const left = await page.locator('[data-until]').textContent()
  assert.match(left, /^\d+:\d\d(:\d\d)?$/)
})

test('answers that say the same change nothing on the page', async () => {
  const order = await waiting('Diam', 'va_bri')
  const page = await town.page()
  await page.goto(`${town.portal}/payment/status/${order.id}`)
  await page.evaluate(() => {
    window.changes = []
    window.part = document.getElementById('isi')
    const watch = new MutationObserver((all) => window.changes.push(...all
      .filter(({ target }) => !(target.closest ?? (() => null)).call(target, '[data-until]'))
      .map(({ target, type }) => `${type} ${target.nodeName} ${target.textContent}`.slice(0, 80))))
    watch.observe(window.part, { subtree: true, childList: true, attributes: true, characterData: true })
  })
  let same
  await restless(page, (html) => { same ??= html; return same })
  await looks(page, 3)
  assert.deepEqual(await page.evaluate(() => window.changes), [])
  assert.ok(await page.evaluate(() => document.getElementById('isi') === window.part), 'the part was replaced')
})

test('on the dashboard the focus, a selection and what was opened stay while it changes', async () => {
  const desk = await town.seated()
  await desk.goto(town.admin)
  const user = await town.api('POST', '/users', { name: 'Diblokir Sekarang' })
  await desk.locator('main a[href="/tagihan"]').focus()
  const text = await select(desk, '.takings h2')
  await restless(desk, (html, n) => html
    .replace('<div class="tiles">', `<div class="notice warn" id="warned">Peringatan ${n}</div><div class="tiles">`)
    .replace('</ul>\n</section>', `<li id="opened"><details><summary>Rincian</summary>${n}</details></li></ul></section>`))
  await desk.locator('#opened').waitFor()
  await desk.locator('#opened details').evaluate((details) => { details.open = true })
  await town.api('POST', `/users/${user.id}/block`, { reason: 'uji' })
  await desk.getByText('Diblokir Sekarang').first().waitFor()
  await looks(desk, 2)
  assert.match(await focused(desk), /href="\/tagihan"/)
  assert.equal(await selected(desk), text)
  assert.equal(await desk.locator('#opened details').evaluate((details) => details.open), true)
  assert.equal(await desk.locator('#warned').count(), 1)
})

test('when what was focused goes away, the keyboard goes on from that part of the page', async () => {
  const order = await waiting('Hilang', 'va_bca')
  const page = await town.page()
  await page.goto(`${town.portal}/payment/status/${order.id}`)
  await page.locator('summary', { hasText: 'Batalkan pembayaran' }).click()
  await page.getByRole('button', { name: 'Ya, batalkan' }).focus()
  await town.api('POST', `/orders/${order.id}/cancel`)
  await page.getByRole('button', { name: 'Ya, batalkan' }).waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.id), 'isi')
})

test('a page whose session ended leads to the log-in', async () => {
  const viewer = { name: 'sebentar', role: 'viewer', password: 'rahasia sekali sekali' }
  await town.api('POST', '/admins', viewer)
  const desk = await town.seated({}, viewer)
  await desk.goto(town.admin)
  await town.api('DELETE', `/admins/${viewer.name}`)
  await desk.waitForURL(/\/masuk/)
  await desk.getByRole('button', { name: 'Masuk' }).waitFor()
})

for (const [how, options] of [
  ['with scripts', {}], ['without scripts', { javaScriptEnabled: false }], ['on a phone', { viewport: PHONE }],
]) {
  test(`a sale by QRIS at the desk shows the code and follows the payment, ${how}`, async () => {
    const user = await town.api('POST', '/users', { name: `QRIS ${how}` })
    const desk = await town.seated(options)
    await desk.goto(`${town.admin}/pelanggan/${user.id}`)
    await desk.getByRole('link', { name: 'Jual paket', exact: true }).first().click()
    await desk.getByText('Bayar online').first().click()
    await desk.getByRole('radio', { name: 'QRIS', exact: true }).check()
    await desk.getByRole('button', { name: /^Minta Rp/ }).first().click()
    await desk.waitForURL(/\/pembayaran\//)
    const { items } = await town.api('GET', '/orders?limit=50')
    const order = items.find((order) => order.user_id === user.id)
    await desk.locator('.qr svg').waitFor()
    const { qr_string } = await town.api('GET', `/orders/${order.id}`)
    assert.ok(qr_string.length > 60)
    assert.ok(!(await desk.content()).includes(qr_string), 'a code is for cameras')
    const { width } = await desk.locator('.qr').boundingBox()
    assert.ok(width >= 250, `${width} px are too few to scan`)
    await noSidewaysScroll(desk)
    if (options.javaScriptEnabled !== false) await accessible(desk)

    await town.payOrder(order.id)
    await desk.getByText('Pembayaran diterima.').first().waitFor()
    await desk.getByText('Lunas').first().waitFor()
    assert.equal(await desk.locator('.qr').count(), 0)
  })
}

test('a virtual account asked for at the desk has its number to copy', async () => {
  const order = await waiting('Nomor di meja', 'va_mandiri')
  const desk = await town.seated({ viewport: PHONE, permissions: ['clipboard-read', 'clipboard-write'] })
  await desk.goto(`${town.admin}/pembayaran/${order.id}`)
  const numbers = await desk.locator('p.number').allTextContents()
  assert.equal(numbers.length, 2, 'a biller code and a bill key')
  await desk.getByRole('button', { name: 'Salin' }).nth(1).click()
  assert.equal(await desk.evaluate(() => navigator.clipboard.readText()), numbers[1])
  await noSidewaysScroll(desk)
})
