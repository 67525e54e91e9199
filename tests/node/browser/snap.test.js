// Paying on the gateway's own page.
'use strict'

const { after, afterEach, before, test } = require('node:test')
const { CAPTIVE_IPHONE, Town } = require('./town.js')

let town
before(async () => { town = await Town.open({ mode: 'snap' }) })
after(() => town?.close())
afterEach(() => town.watch.check())

test('a customer goes straight to the gateway, pays there and is online', async () => {
  const page = await town.page()
  await page.goto(town.portal)
  await page.getByRole('link', { name: 'Bayar tagihan' }).click()
  await page.getByRole('link', { name: 'Bayar semua' }).or(page.getByRole('button', { name: 'Bayar semua' })).first().click()
  const confirm = page.getByRole('button', { name: /^Bayar Rp/ })
  await page.waitForURL((url) => url.pathname.startsWith('/snap/'), { timeout: 2000 }).catch(() => confirm.click())
  await page.waitForURL((url) => url.pathname.startsWith('/snap/'))
  await page.locator('#pay-qris').click()
  await town.until('the guest is online', async () => (await town.user(town.guest.id)).access.status === 'active')
})

test('the window of a captive portal stays on our page', async () => {
  await town.customer('Jendela')
  const page = await town.page({ userAgent: CAPTIVE_IPHONE })
  await page.goto(`${town.portal}/beli`)
  await page.locator('a[href^="/beli/"]').or(page.getByRole('button', { name: 'Beli' })).first().click()
  const confirm = page.getByRole('button', { name: /^Bayar Rp/ })
  await page.waitForURL(/\/payment\/status\//, { timeout: 2000 }).catch(() => confirm.click())
  await page.waitForURL(/\/payment\/status\//)
  await page.getByText(/\/b\//).first().waitFor()
})
