// The set-up of a fresh machine on a phone, from the first page to the desk, with the package's configuration. Prints how many
// screens and fields it takes, and how long this machine needs for it.
'use strict'

const assert = require('node:assert/strict')
const { rmSync } = require('node:fs')
const { join } = require('node:path')
const { after, before, test } = require('node:test')
const { DEADLINE_MS, Pi } = require('./pi.js')
const { hands, launch } = require('./phone.js')
const { startRouter } = require('./router.js')
const { PHONE, Watch, accessible, noSidewaysScroll } = require('./town.js')

const PASSWORD = 'kata-sandi-contoh-1'

let pi, router, browser
before(async () => {
  ;[pi, router] = [new Pi(), await startRouter()]
  browser = await launch()
})
after(async () => {
  await browser?.close()
  router?.server.close()
  if (pi?.daemon?.exitCode === null) await pi.cut()
  if (pi) rmSync(pi.folder, { recursive: true, force: true })
})

for (const javaScriptEnabled of [true, false]) {
  test(`a phone sets a fresh machine up ${javaScriptEnabled ? '' : 'with scripts off'}`, async () => {
    const begun = Date.now()
    if (pi.daemon?.exitCode === null) await pi.cut()
    rmSync(join(pi.folder, 'data'), { recursive: true, force: true })
    let home = await pi.boot('first')
    const watch = new Watch([new URL(home).host])
    const context = await browser.newContext({ viewport: PHONE, locale: 'id-ID', javaScriptEnabled })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    watch.over(page)

    const { counts, seen, fill, press } = hands(page, async () => {
      // Both run a script in the page.
      if (!javaScriptEnabled) return
      await noSidewaysScroll(page)
      await accessible(page)
    })

    await page.goto(`${home}/laporan`)
    await seen('Pasang kuota')
    await press('Ini mesin saya')
    await page.getByText('Sekarang cabut listrik').waitFor()
    await seen('Pasang kuota')
    await pi.cut()
    home = await pi.boot('second')
    watch.hosts.push(new URL(home).host)
    await page.goto(home)

    await seen('Nama hotspot')
    await fill('Nama yang dilihat pelanggan', 'Warung Ibu')
    await press('Lanjut')
    await seen('Pemilik')
    await fill('Kata sandi', PASSWORD)
    await fill('Kata sandi sekali lagi', PASSWORD)
    await press('Lanjut')
    await seen('Router')
    await fill('Alamat API router', router.address)
    await press('Coba masuk')
    await seen('Jaringan')
    await page.getByText('hAP ax2').waitFor()
    assert.equal(await page.getByLabel('Jaringan pelanggan hotspot').inputValue(), '10.5.50.0/24')
    await fill('Alamat halaman pelanggan', 'http://192.168.88.2:8081')
    await press('Lanjut')
    await seen('Skrip router')
    await page.getByText('/tool fetch url=').first().waitFor()
    await press('Sudah dijalankan')
    await seen('Pemeriksaan')
    await page.getByText('masuk ke router, RouterOS 7.18.2').waitFor()
    await press('Lanjut')
    await seen('Aturan')
    await press('Lanjut')
    await seen('Paket')
    await press('Lanjut')
    await seen('Perangkat percobaan')
    await press('Lanjut')
    await seen('Kunci pemulihan')
    await press('Buat kunci')
    await page.getByText('AGE-').first().waitFor()
    await seen('Kunci pemulihan')
    await press('Sudah saya catat')
    await seen('Selesai')
    await press('Selesai')
    await seen('Pemasangan selesai')

    const desk = await pi.listens('admin listens')
    watch.hosts.push(new URL(desk).host)
    await page.goto(`${desk}/masuk`)
    await page.getByLabel('Nama').fill('pemilik')
    await page.getByLabel('Kata sandi').fill(PASSWORD)
    await page.getByRole('button', { name: 'Masuk' }).click()
    await page.waitForURL(`${desk}/`)
    assert.match(await page.title(), /Warung Ibu/)
    await context.close()
    watch.check()
    const writes = router.asked.filter((command) => /\/(add|set|remove)$/.test(command))
    assert.deepEqual(writes, [], 'nothing is written to the router')
    const seconds = ((Date.now() - begun) / 1000).toFixed(1)
    console.log(`| first run at 360 px${javaScriptEnabled ? '' : ', scripts off'} | ${counts.screens} screens | ${counts.fields} fields | ` +
      `${counts.presses} presses | ${seconds} s | 0 foreign hosts | 0 terminal commands |`)
    assert.ok(counts.screens <= 15 && counts.fields <= 8, JSON.stringify(counts))
  })
}
