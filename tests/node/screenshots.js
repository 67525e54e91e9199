// The pictures of the README, taken from a running demo: node tests/node/screenshots.js FOLDER
'use strict'

const { mkdirSync } = require('node:fs')
const { join } = require('node:path')
const { PHONE, Town } = require('./browser/town.js')

const folder = process.argv[2] ?? 'docs/screenshots'

async function portal(town, shot) {
  const page = await town.page({ deviceScaleFactor: 2 })
  await page.goto(town.portal)
  await shot(page, 'portal-blocked')
  await page.goto(`${town.portal}/lunasi`)
  await page.getByRole('link', { name: 'Bayar semua' }).click()
  await page.getByRole('radio', { name: /QRIS/ }).check()
  await page.getByRole('button', { name: /^Bayar Rp/ }).click()
  await page.locator('.qr svg').waitFor()
  await shot(page, 'portal-qris')
  await town.payAtBank(/QRIS Rp 50\.000/)
  await page.getByRole('heading', { name: 'Pembayaran diterima.' }).waitFor()
  await page.goto(town.portal)
  await page.getByText('Internet Anda aktif').waitFor()
  await shot(page, 'portal-active')
}

async function desk(town, shot) {
  const page = await town.desk()
  await shot(page, 'desk-dashboard')
  await page.goto(`${town.admin}/pelanggan/${town.guest.id}`)
  await shot(page, 'desk-customer')
  await page.goto(`${town.admin}/pelanggan`)
  await shot(page, 'desk-customers')
}

/** The desk as most owners see it. */
async function phone(town, shot) {
  const page = await town.seated({ viewport: PHONE, deviceScaleFactor: 2 })
  await page.goto(town.admin)
  await shot(page, 'phone-dashboard')
  await page.goto(`${town.admin}/jual`)
  await shot(page, 'phone-counter')
  const [{ id }] = (await town.api('GET', '/users?q=Tamu')).items
  await page.goto(`${town.admin}/jual/${id}`)
  await shot(page, 'phone-sale')
}

async function main() {
  mkdirSync(folder, { recursive: true })
  const town = await Town.open({ users: 25, speed: 1 })
  const shot = (page, name) => page.screenshot({ path: join(folder, `${name}.png`) })
  try {
    await portal(town, shot)
    await desk(town, shot)
    await phone(town, shot)
  } finally {
    await town.close()
  }
}

main()
