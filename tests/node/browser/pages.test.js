// What a page of the desk shows first, on a phone and on a wide screen, in light and dark.
'use strict'

const assert = require('node:assert/strict')
const { after, afterEach, before, test } = require('node:test')
const { PHONE, Town, accessible, noSidewaysScroll, unfold } = require('./town.js')

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

/** Whether all of it can be seen without scrolling, above the bar of a phone. */
async function isFirst(page, locator) {
  const [box, bar] = [await locator.boundingBox(), await page.locator('nav.menu').boundingBox()]
  assert.ok(box.y >= 0 && box.y + box.height <= bar.y, `${await locator.textContent()}: ${JSON.stringify(box)}`)
}

async function height(page) {
  return page.evaluate(() => document.documentElement.scrollHeight)
}

test("a customer's page on a phone begins with name, status, what is owed and what to do", async () => {
  const user = await town.api('POST', '/users', { name: 'Bapak Suryadi Kusuma Wardhana', phone: '0812-0000-0001' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000, debt_date: '2020-01-01', due_date: '2020-01-31' })
  await town.until('it is blocked', async () => (await town.user(user.id)).access.reason === 'debt_overdue')
  for (const colorScheme of ['light', 'dark']) {
    const desk = await town.seated({ viewport: PHONE, colorScheme })
    await desk.goto(`${town.admin}/pelanggan/${user.id}`)
    const lead = desk.locator('.lead')
    await isFirst(desk, desk.getByRole('heading', { level: 1 }))
    await isFirst(desk, lead.getByText('Diblokir: tagihan lewat jatuh tempo'))
    await isFirst(desk, lead.getByText('Terima pembayaran'))
    await isFirst(desk, lead.getByText('Rp 20.000'))
    await isFirst(desk, lead.getByRole('link', { name: 'Lunasi semua' }))
    assert.equal(await lead.locator('a.primary').count(), 1)
    const next = await lead.locator('nav > a').allTextContents()
    assert.deepEqual(next, ['Jual paket', 'Bayar sebagian', 'Kirim WhatsApp'])
    assert.equal(await lead.getByRole('link', { name: 'Hapus pelanggan' }).count(), 0, 'below a summary')
    await unfold(desk)
    assert.deepEqual(await lead.locator('a.danger').allTextContents(),
      ['Mulai masa baru (reset)', 'Kurangi kuota (koreksi)', 'Hapus pelanggan'])
    assert.equal(await desk.getByText('tidak ada', { exact: true }).count(), 0)
    await accessible(desk)
    await noSidewaysScroll(desk)
    await desk.context().close()
  }
})
