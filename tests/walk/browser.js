// What a person does with a phone in scripts/check-packages: sets a fresh machine up, restores it on a new card with the recovery
// kit, takes the site over. The kit's key is kept in the folder from one to the other.
'use strict'

const assert = require('node:assert/strict')
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { parseArgs } = require('node:util')
const { hands, launch } = require('../node/browser/phone.js')

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, home: { type: 'string' }, router: { type: 'string' } },
})
const PHONE = { width: 360, height: 740 }
const DEADLINE_MS = 30_000
const CODE = 'kode-di-kartu-1'
const OWNER = { name: 'pemilik', password: 'kata-sandi-contoh-1' }
const KIT = join(values.folder, 'kit')

async function claim(page, press) {
  await page.goto(values.home)
  await page.getByRole('heading', { name: 'Pasang kuota', level: 1 }).waitFor()
  await page.getByLabel('Kode', { exact: true }).fill(CODE)
  await press('Lanjutkan dengan kode')
}

async function logIn(page) {
  await page.getByLabel('Nama').waitFor()
  await page.getByLabel('Nama').fill(OWNER.name)
  await page.getByLabel('Kata sandi').fill(OWNER.password)
  await page.getByRole('button', { name: 'Masuk' }).click()
  await page.waitForURL(`${values.home}/`)
}

/** The desk answers at the same address once the set-up has ended. */
async function desk(page) {
  const end = Date.now() + DEADLINE_MS
  for (;;) {
    const answer = await page.goto(`${values.home}/masuk`).catch(() => undefined)
    if (answer?.ok() && (await page.getByLabel('Kata sandi').count()) > 0) return
    assert.ok(Date.now() < end, 'the desk does not answer')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

const jobs = {
  async 'set-up'(page, { press, fill, seen, counts }) {
    await claim(page, press)
    await seen('Nama hotspot')
    await fill('Nama yang dilihat pelanggan', 'Warung Ibu')
    await press('Lanjut')
    await seen('Pemilik')
    await fill('Kata sandi', OWNER.password)
    await fill('Kata sandi sekali lagi', OWNER.password)
    await press('Lanjut')
    await seen('Router')
    await fill('Alamat API router', values.router)
    await fill('Nama pengguna router', 'kuota')
    await page.getByLabel('Kata sandi router').fill('router-secret')
    await press('Coba masuk')
    await seen('Jaringan')
    await fill('Alamat halaman pelanggan', 'http://127.0.0.1:8081')
    await press('Lanjut')
    await seen('Skrip router')
    await press('Sudah dijalankan')
    await seen('Pemeriksaan')
    await press('Lanjut')
    await seen('Aturan')
    await press('Lanjut')
    await seen('Paket')
    await press('Lanjut')
    await seen('Perangkat percobaan')
    await page.getByLabel('Perangkat', { exact: true }).selectOption({ index: 1 })
    await press('Lanjut')
    await seen('Kunci pemulihan')
    await press('Buat kunci')
    const key = page.getByText('AGE-').first()
    await key.waitFor()
    writeFileSync(KIT, (await key.innerText()).replace(/\s/g, ''), { mode: 0o600 })
    await press('Sudah saya catat')
    await seen('Selesai')
    await page.locator('select[name=enforcement]').selectOption('on')
    await press('Selesai')
    await seen('Pemasangan selesai')
    await desk(page)
    await logIn(page)
    assert.match(await page.title(), /Warung Ibu/)
    console.log(`first run: ${counts.screens} screens, ${counts.fields} fields, ${counts.presses} presses`)
  },

  async restore(page, { press, fill, seen, counts }) {
    await claim(page, press)
    await seen('Nama hotspot')
    await page.getByRole('link', { name: 'Saya punya kit pemulihan', exact: true }).click()
    await seen('Pulihkan dari salinan')
    await page.getByRole('link', { name: 'Berkas dari ponsel ini', exact: true }).click()
    await seen('Berkas dari ponsel ini')
    await page.getByLabel('Salinan').setInputFiles(join(values.folder, 'copy.age'))
    await press('Kirim berkas')
    await seen('Kunci kit pemulihan')
    await fill('Kunci rahasia', readFileSync(KIT, 'utf8'))
    await press('Buka salinan')
    await seen('Isi salinan')
    await page.getByText('Warung Ibu').waitFor()
    await press('Pulihkan')
    await seen('Data sudah dipulihkan')
    await desk(page)
    await logIn(page)
    console.log(`new card: ${counts.screens} screens, ${counts.fields} fields, ${counts.presses} presses`)
  },

  async 'take-over'(page, { seen }) {
    await page.goto(`${values.home}/masuk`)
    await logIn(page)
    await page.goto(`${values.home}/cadangan`)
    await seen('Cadangan')
    const form = page.locator('form[action="/cadangan/ambil-alih"]')
    await form.locator('input[type=password]').fill(OWNER.password)
    await form.locator('input[type=checkbox]').check()
    await form.getByRole('button').click()
    await page.waitForLoadState()
  },
}

async function main() {
  const browser = await launch()
  const context = await browser.newContext({ viewport: PHONE, locale: 'id-ID' })
  const page = await context.newPage()
  page.setDefaultTimeout(DEADLINE_MS)
  try {
    await jobs[positionals[0]](page, hands(page))
  } catch (error) {
    console.error(`at ${page.url()}: ${await page.locator('body').innerText().catch(() => '')}`)
    throw error
  } finally {
    await browser.close()
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
