// What customers do with a phone, from being blocked to being online.
'use strict'

const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const { after, afterEach, before, describe, test } = require('node:test')
const { CAPTIVE_ANDROID, CAPTIVE_IPHONE, Town, accessible, noSidewaysScroll, prints } = require('./town.js')

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

const GB = 1024 ** 3
const ONLINE = /Internet Anda aktif/

/** A customer who owes for so many gigabytes, due yesterday. */
async function debtor(name, ...prices) {
  const user = await town.customer(name)
  for (const price of prices) {
    await town.debt(user, { amount: '5 GB', price_rp: price, debt_date: '2026-01-01', due_date: '2026-01-15' })
  }
  return user
}

/** Picks a way to pay on the method page or dialog, and goes on, in place of an open payment where there is one. */
async function pay(page, method) {
  await page.getByRole('radio', { name: method }).check()
  await page.getByRole('button', { name: /^(Bayar|Batalkan yang lama, bayar) Rp/ }).click()
}

/** The router lets the customer through, by the owner's desk. */
function comesOnline(user) {
  return town.until(`${user.name} is online`, async () => (await town.user(user.id)).access.status === 'active')
}

describe('a customer who is blocked for a debt', () => {
  test('reads why, pays everything by QRIS and is online', async () => {
    const page = await town.page()
    await page.goto(town.portal)
    await page.getByText('Internet dijeda sementara. Ada tagihan Rp 50.000. Setelah dibayar, tersambung otomatis.').waitFor()
    await accessible(page)
    await noSidewaysScroll(page)

    await page.goto(`${town.portal}/policy/blocked`)
    await page.getByText('jatuh tempo').first().waitFor()
    await accessible(page)
    await noSidewaysScroll(page)

    await page.goto(town.portal)
    await page.getByRole('link', { name: 'Bayar tagihan' }).click()
    await page.getByRole('link', { name: 'Bayar semua' }).click()
    await pay(page, /QRIS/)
    await page.waitForURL(/\/payment\/status\//)
    await page.locator('.qr svg').waitFor()
    await page.getByText('Rp 50.000').first().waitFor()
    await page.getByText(/Internet dibuka sampai/).waitFor()
    await accessible(page)
    await noSidewaysScroll(page)

    // A wallet reads the code from a picture: large enough, and whole.
    const save = page.getByRole('button', { name: 'Simpan gambar QR' })
    const [picture] = await Promise.all([page.waitForEvent('download'), save.click()])
    assert.match(picture.suggestedFilename(), /\.png$/)
    const png = readFileSync(await picture.path())
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
    assert.ok(png.readUInt32BE(16) >= 800 && png.readUInt32BE(16) === png.readUInt32BE(20))

    await town.payAtBank(/QRIS Rp 50\.000/)
    await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
    assert.equal(await prints(page), 1)
    await page.getByText(ONLINE).waitFor()
    await comesOnline(town.guest)
    await accessible(page)
  })

  test('pays one item only, from the list and from the history', async () => {
    const user = await debtor('Satu', 20_000, 30_000)
    const page = await town.page()
    await page.goto(`${town.portal}/lunasi`)
    await accessible(page)
    await noSidewaysScroll(page)
    await page.getByRole('link', { name: 'Bayar ini saja' }).nth(1).click()
    await pay(page, /BCA/)
    await page.waitForURL(/\/payment\/status\//)
    await town.payAtBank(/BCA.*Rp 30\.000/)
    await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
    const { items } = await town.api('GET', `/users/${user.id}/debts`)
    assert.deepEqual(items.map((item) => item.status), ['open', 'paid'])

    await page.goto(`${town.portal}/riwayat`)
    await accessible(page)
    await noSidewaysScroll(page)
    await page.getByRole('link', { name: 'Bayar ini saja' }).first().waitFor()
  })

  test('pays a part', async () => {
    const user = await debtor('Sebagian', 40_000)
    const page = await town.page()
    await page.goto(`${town.portal}/lunasi`)
    await page.getByLabel('Jumlah yang dibayar (rupiah)').fill('10.000')
    await page.getByRole('button', { name: 'Bayar sebagian' }).click()
    await pay(page, /QRIS/)
    await page.waitForURL(/\/payment\/status\//)
    await town.payAtBank(/QRIS Rp 10\.000/)
    await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
    const { items: [item] } = await town.api('GET', `/users/${user.id}/debts`)
    assert.deepEqual([item.paid_bytes, item.due_rp], [Math.floor((5 * GB) / 4), 30_000])
  })
})

describe('a customer who buys', () => {
  test('by GoPay is led to the wallet and back', async () => {
    const user = await town.customer('Gopay')
    const page = await town.page()
    await page.goto(`${town.portal}/beli`)
    await accessible(page)
    await noSidewaysScroll(page)
    await page.locator('a[href^="/beli/"]').first().click()
    // The way to pay is asked in a dialog.
    await page.getByRole('dialog').waitFor()
    await accessible(page)
    await pay(page, /GoPay/)
    await page.waitForURL((url) => url.href.startsWith(new URL(town.bank).origin))
    await page.getByRole('button', { name: 'Bayar', exact: true }).click()
    await page.getByRole('link', { name: 'Kembali ke toko' }).click()
    await page.waitForURL((url) => url.href.startsWith(town.portal))
    await comesOnline(user)
  })

  test('by virtual account sees the number, copies it and may change the way to pay', async () => {
    const user = await town.customer('Nomor')
    const page = await town.page({ permissions: ['clipboard-read', 'clipboard-write'] })
    await page.goto(`${town.portal}/beli`)
    await page.locator('a[href^="/beli/"]').first().click()
    await pay(page, /BNI/)
    await page.waitForURL(/\/payment\/status\//)
    const shown = (await page.locator('.number').first().textContent()).replace(/\D/g, '')
    await page.getByRole('button', { name: 'Salin nomor VA' }).click()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    assert.equal(copied, shown)
    await accessible(page)
    await noSidewaysScroll(page)

    await page.getByRole('button', { name: 'Ganti cara bayar' }).click()
    await pay(page, /Mandiri/)
    await page.waitForURL(/\/payment\/status\//)
    await page.getByText('biller code').first().waitFor()
    await town.payAtBank(/Mandiri/)
    await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
    await comesOnline(user)
  })

  test('in the window of a captive portal is never led away and goes on in another browser', async () => {
    const user = await town.customer('Jendela')
    for (const userAgent of [CAPTIVE_IPHONE, CAPTIVE_ANDROID]) {
      const page = await town.page({ userAgent })
      await page.goto(`${town.portal}/beli`)
      await page.locator('a[href^="/beli/"]').first().click()
      await pay(page, /GoPay/)
      await page.waitForURL(/\/payment\/status\//)
      await page.getByText(/tangkap layar/i).waitFor()
      await noSidewaysScroll(page)
      const address = (await page.getByText(/\/b\/[0-9A-Za-z-]+/).first().textContent()).match(/http\S+/)[0]
      await page.context().close()

      const real = await town.page()
      await real.goto(address)
      await real.waitForURL(/\/payment\/status\//)
      await real.getByRole('link', { name: 'Buka GoPay' }).waitFor()
      await real.context().close()
    }
    await town.payAtBank(/GoPay/)
    await comesOnline(user)
  })

  test('without scripts does it all the same', async () => {
    const user = await town.customer('Polos')
    const page = await town.page({ javaScriptEnabled: false })
    await page.goto(town.portal)
    await page.getByRole('link', { name: 'Beli paket' }).first().click()
    await page.locator('a[href^="/beli/"]').first().click()
    await pay(page, /QRIS/)
    await page.waitForURL(/\/payment\/status\//)
    await town.payAtBank(/QRIS/)
    // The page asks again by itself.
    await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
    await comesOnline(user)
  })
})

test('every page speaks English, too, and remembers it', async () => {
  await town.customer('Bahasa')
  const page = await town.page()
  await page.goto(town.portal)
  await page.getByText('Kuota Anda habis. Silakan beli paket untuk tersambung lagi.').waitFor()
  await page.getByRole('link', { name: 'English' }).click()
  await page.getByText('Your quota is used up.').waitFor()
  await page.goto(`${town.portal}/beli`)
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.getByRole('link', { name: 'Bahasa Indonesia' }).click()
  assert.equal(await page.locator('html').getAttribute('lang'), 'id')
})

test('every page can be read in the dark and on the smallest screen', async () => {
  await debtor('Gelap', 20_000)
  const page = await town.page({ colorScheme: 'dark', viewport: { width: 320, height: 640 } })
  for (const path of ['/', '/beli', '/lunasi', '/riwayat', '/policy/habis', '/policy/fup', '/policy/expired', '/policy/inactive', '/masuk', '/tentang', '/nothing-here']) {
    await page.goto(town.portal + path)
    await accessible(page)
    await noSidewaysScroll(page)
  }
})

test('an unknown device logs in by name and PIN', async () => {
  const user = await town.customer('Pemilik HP', { login: 'pemilik' })
  const { pin } = await town.api('POST', `/users/${user.id}/pin`)
  await town.api('DELETE', `/users/${user.id}/devices/02:C0:1D:FF:FF:00`)
  const page = await town.page()
  await page.goto(town.portal)
  await page.getByText('Perangkat ini belum terdaftar').waitFor()
  await page.goto(`${town.portal}/masuk`)
  await page.getByLabel('Nomor HP atau nama pengguna').fill('pemilik')
  await page.getByLabel('PIN').fill('000000')
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.getByText('Nomor, nama atau PIN salah.').waitFor()
  await accessible(page)
  await page.goto(`${town.portal}/tentang`)
  await page.goBack()
  await page.getByText('Nomor, nama atau PIN salah.').waitFor()
  assert.equal(await page.getByLabel('Nomor HP atau nama pengguna').inputValue(), 'pemilik')
  await page.getByLabel('PIN').fill(pin)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.waitForURL(`${town.portal}/`)
  await page.getByText('Pemilik HP').first().waitFor()
})
