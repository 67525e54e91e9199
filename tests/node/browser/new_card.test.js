// A site whose card died comes back on a new one by a phone alone: copy and recovery kit, from the first page to a hotspot that is
// metered. Prints how many screens, fields and presses it takes, and how long this machine needs for it. KUOTA_PICTURES names a
// folder for pictures of the screens.
'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawn } = require('node:child_process')
const { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { after, before, test } = require('node:test')
const { hands, launch } = require('./phone.js')
const { DEADLINE_MS, KUOTAD, Pi } = require('./pi.js')
const { startRouter } = require('./router.js')
const { PHONE, Watch, accessible, noSidewaysScroll } = require('./town.js')

const PASSWORD = 'kata-sandi-contoh-1'
const CODE = 'mangga-7-manis'
// The first copy is made within a minute of the start.
const COPY_MS = 90_000

let pi, router, browser, lost

/** A site that dies: what is left are an encrypted copy, made by its own daemon on another disk, and the key of its kit. */
async function loseSite(address) {
  const folder = mkdtempSync(join(tmpdir(), 'kuota-lost-'))
  const disk = mkdtempSync('/dev/shm/kuota-usb-')
  const data = join(folder, 'data')
  mkdirSync(join(data, 'secrets'), { recursive: true, mode: 0o700 })
  writeFileSync(join(data, 'secrets/router.password.1'), 'rahasia\n', { mode: 0o600 })
  writeFileSync(join(data, 'settings.toml'), `name = "Warung Ibu"\n\n[portal]\nclient_networks = ["10.5.50.0/24"]\n\n[router]\naddress = "${address}"\n\n` +
    '[secrets.router]\npassword = "router.password.1"\n', { mode: 0o600 })
  const config = join(folder, 'kuotad.toml')
  writeFileSync(config, `data_dir = "${data}"\n[admin]\nlisten = "127.0.0.1:0"\n[portal]\nlisten = "127.0.0.1:0"\n[backup]\ntarget = "${disk}"\n`)
  const run = (args, input = '') => execFileSync(KUOTAD, ['--config', config, ...args], { input, encoding: 'utf8' })
  run(['admin', 'add', 'pemilik', '--role', 'owner', '--password-stdin'], `${PASSWORD}\n`)
  for (const name of ['Budi', 'Ani', 'Ibu Sari']) run(['user', 'add', name])
  const key = JSON.parse(run(['recovery-kit', '--json'])).secret_key
  const daemon = spawn(KUOTAD, ['--config', config, 'run'], { stdio: 'ignore' })
  const end = Date.now() + COPY_MS
  const copies = () => readdirSync(disk).filter((name) => name.endsWith('.db.zst.age'))
  while (copies().length === 0) {
    assert.ok(Date.now() < end && daemon.exitCode === null, 'no copy was made')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const ended = new Promise((resolve) => daemon.once('exit', resolve))
  daemon.kill('SIGKILL')
  await ended
  rmSync(folder, { recursive: true, force: true })
  return { disk, key, copy: join(disk, copies()[0]) }
}

before(async () => {
  router = await startRouter()
  lost = await loseSite(router.address)
  browser = await launch()
})
after(async () => {
  await browser?.close()
  router?.server.close()
  if (pi?.daemon?.exitCode === null) await pi.cut()
  if (pi) rmSync(pi.folder, { recursive: true, force: true })
  if (lost) rmSync(lost.disk, { recursive: true, force: true })
})

for (const javaScriptEnabled of [true, false]) {
  test(`a phone brings a site back on a new card ${javaScriptEnabled ? '' : 'with scripts off'}`, async () => {
    const begun = Date.now()
    if (pi?.daemon?.exitCode === null) await pi.cut()
    pi = new Pi()
    pi.code(CODE)
    const home = await pi.boot('first')
    const watch = new Watch([new URL(home).host])
    const context = await browser.newContext({ viewport: PHONE, locale: 'id-ID', javaScriptEnabled })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    watch.over(page)

    const { counts, seen, fill, press } = hands(page, async ({ screens }) => {
      const pictures = process.env.KUOTA_PICTURES
      if (pictures && javaScriptEnabled) {
        await page.screenshot({ path: join(pictures, `${String(screens).padStart(2, '0')}.png`), fullPage: true })
      }
      // Both run a script in the page.
      if (!javaScriptEnabled) return
      await noSidewaysScroll(page)
      await accessible(page)
    })

    await page.goto(home)
    await seen('Pasang kuota')
    await fill('Kode', CODE)
    await press('Lanjutkan dengan kode')
    await seen('Nama hotspot')
    await press('Saya punya kit pemulihan', 'link')
    await seen('Pulihkan dari salinan')
    await press('Berkas dari ponsel ini', 'link')
    await seen('Berkas dari ponsel ini')
    counts.fields += 1
    await page.getByLabel('Salinan').setInputFiles(lost.copy)
    await press('Kirim berkas')
    await seen('Kunci kit pemulihan')
    // A slip is found and can be mended.
    await page.getByLabel('Kunci rahasia').fill(lost.key.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')))
    await page.getByRole('button', { name: 'Buka salinan' }).click()
    await page.getByText('salah ketik').waitFor()
    await fill('Kunci rahasia', lost.key.toLowerCase().replace(/(.{4})/g, '$1 '))
    await press('Buka salinan')
    await seen('Isi salinan')
    await page.getByText('Warung Ibu').waitFor()
    await page.getByText('Lengkap sampai').waitFor()
    await press('Pulihkan')
    await seen('Data sudah dipulihkan')

    const desk = await pi.listens('admin listens')
    watch.hosts.push(new URL(desk).host)
    await page.goto(`${desk}/masuk`)
    await seen('Masuk')
    await fill('Nama', 'pemilik')
    await fill('Kata sandi', PASSWORD)
    await press('Masuk')
    await page.waitForURL(`${desk}/`)
    assert.match(await page.title(), /Warung Ibu/)
    await page.goto(`${desk}/cadangan`)
    await seen('Cadangan')
    const takeOver = page.locator('form[action="/cadangan/ambil-alih"]')
    counts.fields += 2
    await takeOver.locator('input[type=password]').fill(PASSWORD)
    await takeOver.locator('input[type=checkbox]').check()
    counts.presses += 1
    await takeOver.getByRole('button').click()
    const end = Date.now() + DEADLINE_MS
    for (;;) {
      const health = await (await context.request.get(`${desk}/healthz`)).json()
      const state = await (await context.request.get(`${desk}/api/v1/status`)).json()
      if (health.status === 'ok' && state.router.state === 'ok') break
      assert.ok(Date.now() < end, JSON.stringify([health, state]))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.ok(router.asked.includes('/ip/hotspot/host/print'), 'the hotspot is metered')
    await context.close()
    watch.check()
    const seconds = ((Date.now() - begun) / 1000).toFixed(1)
    console.log(`| new card at 360 px${javaScriptEnabled ? '' : ', scripts off'} | ${counts.screens} screens | ${counts.fields} fields | ` +
      `${counts.presses} presses | ${seconds} s | 0 foreign hosts | 0 terminal commands |`)
    assert.ok(counts.screens <= 10 && counts.fields <= 8, JSON.stringify(counts))
    rmSync(pi.folder, { recursive: true, force: true })
  })
}
