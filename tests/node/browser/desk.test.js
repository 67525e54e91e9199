// What the owner and the cashiers do with a browser.
'use strict'

const assert = require('node:assert/strict')
const { after, afterEach, before, test } = require('node:test')
const { PHONE, Town, accessible, noSidewaysScroll, prints, unfold } = require('./town.js')

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

/** Opens what can be done to a customer, by its name on the customer's page. */
async function begin(page, user, deed) {
  await page.goto(`${town.admin}/pelanggan/${user.id}`)
  await unfold(page)
  await page.getByRole('link', { name: deed, exact: true }).first().click()
  await page.getByRole('heading', { name: deed }).first().waitFor()
}

/** Goes on from the form, reads what will happen, and says yes. */
async function confirm(page, ...expected) {
  const next = page.getByRole('button', { name: 'Lanjut' })
  if (await next.count()) await next.click()
  await page.getByText('Ini yang akan terjadi. Belum ada yang berubah.').waitFor()
  for (const text of expected) await page.getByText(text).first().waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Ya, lakukan' }).click()
  await page.getByRole('status').getByText('Sudah dilakukan').waitFor()
}

test('a customer pays a debt on the portal, and the owner watches it on the dashboard', async () => {
  const desk = await town.desk()
  await accessible(desk)
  const phone = await town.page()
  await phone.goto(`${town.portal}/lunasi`)
  await phone.getByRole('link', { name: 'Bayar semua' }).click()
  await phone.getByRole('radio', { name: /QRIS/ }).check()
  await phone.getByRole('button', { name: /^Bayar Rp/ }).click()
  await phone.waitForURL(/\/payment\/status\//)
  await town.payAtBank(/QRIS Rp 50\.000/)
  await phone.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
  // Nobody touches the dashboard: it tells by itself who was freed and what came in.
  await desk.getByText('Tamu Demo').first().waitFor()
  await desk.getByText('Rp 50.000').first().waitFor()
  await accessible(desk)
})

test('a customer is blocked and freed, with what will happen shown before', async () => {
  const user = await town.customer('Blokir')
  await town.api('POST', `/users/${user.id}/credits`, { amount: '5 GB', days: 30, reason: 'uji' })
  const desk = await town.desk()
  await begin(desk, user, 'Hentikan internet')
  await desk.getByLabel('Alasan').fill('berbagi akun')
  await confirm(desk, 'Diblokir')
  assert.equal((await town.user(user.id)).access.reason, 'admin')

  const phone = await town.page()
  await phone.goto(town.portal)
  await phone.getByText('Internet dihentikan pengelola. Hubungi kami.').waitFor()

  await begin(desk, user, 'Buka lagi')
  await confirm(desk, 'Aktif')
  assert.equal((await town.user(user.id)).access.status, 'active')
})

test('a customer is reset with a debt, as the owner does every month', async () => {
  const user = await town.customer('Bulanan')
  const desk = await town.desk()
  await begin(desk, user, 'Mulai masa baru (reset)')
  await desk.getByLabel('Kuota baru sebagai tagihan').fill('10 GB')
  await desk.getByLabel('Alasan').fill('bulan baru')
  await confirm(desk, 'Router dibaca dulu')
  const now = await town.user(user.id)
  assert.deepEqual([now.credited_mb, now.used_bytes, now.debt_items_mb, now.access.status], ['10240.00', 0, '10240.00', 'active'])
})

test('a package is sold for cash, pressed twice and sold once; the receipt fits its paper; the drawer is closed', async () => {
  const user = await town.customer('Tunai')
  const desk = await town.desk()
  await desk.goto(`${town.admin}/jual/${user.id}`)
  await desk.getByRole('button', { name: /^Terima Rp/ }).first().dblclick()
  await desk.waitForURL(/\/kuitansi\//)
  const { items } = await town.api('GET', `/orders?limit=10`)
  const own = items.filter((order) => order.user_id === user.id)
  assert.equal(own.length, 1)

  await desk.locator('.receipt').waitFor()
  await accessible(desk)
  await desk.emulateMedia({ media: 'print' })
  const millimetres = await desk.locator('.receipt').evaluate((receipt) => (receipt.getBoundingClientRect().width / 96) * 25.4)
  assert.ok(millimetres <= 58, `${millimetres} mm`)
  await desk.emulateMedia({ media: null })

  await desk.goto(`${town.admin}/kasir`)
  await accessible(desk)
  await desk.getByRole('link', { name: 'Tutup laci' }).first().click()
  await desk.getByLabel(/dihitung/i).fill('1.000')
  await desk.getByRole('button', { name: 'Lanjut' }).click()
  await desk.getByText('Selisih').first().waitFor()
  await desk.getByRole('button', { name: 'Ya, lakukan' }).click()
  await desk.getByRole('status').getByText('Sudah dilakukan').waitFor()
  const closings = await town.api('GET', '/closings')
  assert.equal(closings.items[0].counted_rp, 1_000)
})

test('wrong passwords are told alike, and the right one leads where somebody wanted to go', async () => {
  const page = await town.page()
  await page.goto(`${town.admin}/pelanggan`)
  await page.waitForURL(/\/masuk\?ke=/)
  await accessible(page)
  await page.getByLabel('Nama').fill(town.owner)
  await page.getByLabel('Kata sandi').fill('salah sekali')
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByRole('alert').getByText('salah').waitFor()
  // Neither going back nor loading again sends the password again.
  await page.getByRole('link', { name: /AGPL/ }).click()
  await page.waitForURL(/\/tentang$/)
  await page.goBack()
  await page.getByRole('alert').getByText('salah').waitFor()
  assert.equal(await page.getByLabel('Nama').inputValue(), town.owner)
  await page.getByRole('link', { name: 'English' }).click()
  await page.getByRole('alert').getByText('wrong').waitFor()
  await page.getByRole('link', { name: 'Bahasa Indonesia' }).click()
  await page.getByRole('alert').getByText('salah').waitFor()
  await page.getByLabel('Kata sandi').fill(town.password)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.waitForURL(`${town.admin}/pelanggan`)
  await page.getByRole('link', { name: 'Lainnya' }).click()
  await page.getByRole('button', { name: 'Keluar' }).click()
  await page.waitForURL(/\/masuk/)
})

test('every page of the desk fits a phone and a screen reader, in both languages and in the dark', async () => {
  const desk = await town.desk({ viewport: PHONE, colorScheme: 'dark' })
  const tabs = await desk.locator('nav.menu a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  assert.ok(tabs.length >= 10, `${tabs}`)
  const pages = [...tabs, `/pelanggan/${town.guest.id}`, `/pelanggan/${town.guest.id}/rekening`, '/saya', '/pelanggan?q=tamu', '/nothing-here']
  for (const path of pages) {
    await desk.goto(town.admin + path)
    await accessible(desk)
    await noSidewaysScroll(desk)
  }
  await desk.getByRole('link', { name: 'English' }).click()
  for (const path of tabs) {
    await desk.goto(town.admin + path)
    assert.equal(await desk.locator('html').getAttribute('lang'), 'en', path)
  }
})

test('the desk works with scripts off', async () => {
  const user = await town.customer('Tanpa skrip')
  const desk = await town.desk({ javaScriptEnabled: false })
  await begin(desk, user, 'Beri kuota')
  await desk.getByLabel('Jumlah').fill('1,5 GB')
  await desk.getByLabel('Alasan').fill('ganti rugi')
  await desk.getByRole('button', { name: 'Lanjut' }).click()
  await desk.getByRole('button', { name: 'Ya, lakukan' }).click()
  await desk.getByRole('status').getByText('Sudah dilakukan').waitFor()
  assert.equal((await town.user(user.id)).credited_mb, '1536.00')
})

test('receipts, reports, statements and the recovery kit go to the printer', async () => {
  const user = await town.api('POST', '/users', { name: 'Cetak' })
  const sale = await town.api('POST', `/users/${user.id}/purchases`, { package_id: town.packages[0].id, method: 'cash' })
  const page = await town.desk()
  for (const path of [`/kuitansi/${sale.id}`, '/laporan', '/laporan/bulan', `/pelanggan/${user.id}/rekening/cetak`]) {
    await page.goto(town.admin + path)
    assert.equal(await prints(page), 1, path)
  }
  await page.goto(`${town.admin}/cadangan`)
  const kit = page.locator('form[action="/cadangan/kit"]')
  const replaces = kit.locator('[name=replace]')
  if (await replaces.count()) await replaces.check()
  await kit.locator('[name=password]').fill(town.password)
  await kit.getByRole('button').first().click()
  await page.getByText('Kit pemulihan dibuat').first().waitFor()
  // The words are on paper as a code as well.
  await page.locator('.secret .qr svg').waitFor()
  assert.equal(await prints(page), 1)
})
