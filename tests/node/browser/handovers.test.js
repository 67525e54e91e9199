// What no demo has, pressed to its end: hotspot users of a live router become customers and are given back, and a restored
// machine takes its site over. With scripts, without them, and on a phone.
'use strict'

const assert = require('node:assert/strict')
const { after, before, test } = require('node:test')
const { LiveRouter, Machine, OWNER } = require('./machine.js')
const { launch } = require('./phone.js')
const { code } = require('./presses.js')
const { PHONE, Watch, accessible, noSidewaysScroll } = require('./town.js')

const WIDE = { width: 1280, height: 900 }
const MODES = {
  'with scripts': { viewport: WIDE },
  'without scripts': { viewport: WIDE, javaScriptEnabled: false },
  'on a phone': { viewport: PHONE },
}

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** A machine, its router and a page of its desk; all of it ends with the test. */
async function open(t, options, prepare = async () => {}) {
  const router = await LiveRouter.open()
  t.after(() => router.close())
  const machine = new Machine(router)
  t.after(() => machine.close())
  const secret = await prepare(machine, router)
  await machine.start()
  const context = await browser.newContext({ locale: 'id-ID', ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const watch = new Watch([new URL(machine.desk).host])
  watch.over(page)
  await page.goto(`${machine.desk}/masuk`)
  await page.getByLabel('Nama').fill(OWNER.name)
  await page.getByLabel('Kata sandi').fill(OWNER.password)
  await page.getByRole('button', { name: 'Masuk' }).click()
  const otp = page.locator('[name=otp]')
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  if (secret && await otp.count()) {
    await otp.fill(code(secret))
    await page.locator('form button.primary').first().click()
  }
  await page.waitForURL(`${machine.desk}/`)
  const look = async () => {
    if (options.javaScriptEnabled === false) return
    await noSidewaysScroll(page)
    await accessible(page)
  }
  return { router, machine, page, watch, look, secret }
}

/** Sends the form that is open and says yes to what would happen, where a page shows that first. */
async function agree(page) {
  const form = page.locator('dialog[open] form[method=post], main form[method=post]').first()
  await form.locator('button').first().click()
  const [yes, done] = [page.getByRole('button', { name: 'Ya, lakukan' }), page.getByText('Sudah dilakukan').first()]
  await yes.or(done).first().waitFor()
  if (await yes.count()) await yes.click()
  await done.waitFor()
}

/** A button of the form that is sent to an address. */
const button = (page, to, name) => page.locator(`form[action="${to}"]`).getByRole('button', { name, exact: true })

for (const [mode, options] of Object.entries(MODES)) {
  test(`hotspot users are looked at, taken by tick and given back, ${mode}`, async (t) => {
    const { router, machine, page, watch, look } = await open(t, options)
    const writes = await router.ask('writes')
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('2 bisa diambil, 1 voucher').waitFor()
    await look()
    assert.equal(await router.ask('writes'), writes, 'looking changes nothing')

    const take = page.locator('form[action="/adopsi/ambil"]')
    await take.getByRole('checkbox', { name: /budi/ }).check()
    await take.locator('[name=password]').fill('salah')
    await button(page, '/adopsi/ambil', 'Ambil yang dicentang').click()
    await page.getByText('Kata sandi salah atau belum diisi').first().waitFor()
    assert.equal(await router.ask('user budi'), 'false', 'a wrong password changes nothing')
    await page.goto(`${machine.desk}/adopsi`)

    await take.getByRole('checkbox', { name: /budi/ }).check()
    await take.locator('[name=password]').fill(OWNER.password)
    await button(page, '/adopsi/ambil', 'Ambil yang dicentang').click()
    await machine.until('budi is taken', async () => await router.ask('user budi') === 'true')
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('1 pengguna hotspot menjadi pelanggan').waitFor()
    await look()
    assert.equal(await router.ask('user citra'), 'false', 'who had no tick goes on as before')
    await machine.logIn()
    const [budi] = (await machine.api('GET', '/users?q=budi')).items
    assert.equal(budi.remaining_bytes, 6 * 1024 ** 3)

    const back = page.locator('form[action="/adopsi/kembalikan"]')
    await back.locator('[name=password]').fill(OWNER.password)
    await button(page, '/adopsi/kembalikan', 'Kembalikan semua').click()
    await machine.until('budi is given back', async () => await router.ask('user budi') === 'false')
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('1 pelanggan menjadi pengguna hotspot lagi').waitFor()
    watch.check()
  })

  test(`what a power cut left of an adoption is finished, ${mode}`, async (t) => {
    // The daemon dies while the router leaves it without an answer: the books have it, the router has half of it.
    const prepare = async (machine, router) => {
      await machine.start()
      await router.ask('hang /ip/hotspot/user set')
      assert.throws(() => machine.cli(['adopt', 'take', '--only', 'budi']))
      await machine.kill()
    }
    const { router, machine, page, watch, look } = await open(t, options, prepare)
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByRole('heading', { name: 'Belum selesai di router' }).waitFor()
    await look()
    assert.equal(await router.ask('user budi'), 'false')
    await page.locator('form[action="/adopsi/selesaikan"] [name=password]').fill(OWNER.password)
    await button(page, '/adopsi/selesaikan', 'Selesaikan').click()
    await machine.until('budi is taken', async () => await router.ask('user budi') === 'true')
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('selesai di router').first().waitFor()
    assert.equal(await page.locator('form[action="/adopsi/selesaikan"]').count(), 0)
    watch.check()
  })

  test(`a hotspot that was left comes back, ${mode}`, async (t) => {
    const prepare = async (machine, router) => {
      await machine.start()
      machine.cli(['adopt', 'take', '--only', 'budi'])
      machine.cli(['leave'])
      assert.equal(await router.ask('user budi'), 'false')
      await machine.stop()
    }
    const { router, machine, page, watch, look } = await open(t, options, prepare)
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('Hotspot ini sudah ditinggalkan').first().waitFor()
    await look()
    await page.locator('form[action="/adopsi/kembali"] [name=password]').fill(OWNER.password)
    await button(page, '/adopsi/kembali', 'Kembali memakai kuota').click()
    await machine.until('budi is a customer again', async () => await router.ask('user budi') === 'true')
    await page.goto(`${machine.desk}/adopsi`)
    await page.getByText('1 pelanggan diambil kembali').first().waitFor()
    assert.equal(await page.locator('form[action="/adopsi/kembali"]').count(), 0)
    watch.check()
  })

  test(`a restored machine takes its site over, ${mode}`, async (t) => {
    const prepare = async (machine) => {
      await machine.start()
      await machine.logIn()
      const { secret } = await machine.api('POST', '/me/totp', {})
      // The next one, so that the one of now is good for logging in.
      await machine.api('POST', '/me/totp/confirm', { otp: code(secret, -1) })
      await machine.stop()
      machine.restoreOnNewCard()
      return secret
    }
    const { router, machine, page, watch, look, secret } = await open(t, options, prepare)
    const writes = await router.ask('writes')
    await page.goto(`${machine.desk}/cadangan`)
    const form = page.locator('form[action="/cadangan/ambil-alih"]')
    const send = async (password, otp) => {
      await form.locator('[name=password]').fill(password)
      await form.locator('[name=otp]').fill(otp)
      await button(page, '/cadangan/ambil-alih', 'Ambil alih situs ini').click()
    }
    await look()
    await send('salah', code(secret, 1))
    await page.getByText('Kata sandi salah. Tidak ada yang diubah.').first().waitFor()
    await page.goto(`${machine.desk}/cadangan`)
    await send(OWNER.password, '')
    await page.getByText('Tidak ada yang diubah').first().waitFor()
    assert.equal(await router.ask('writes'), writes, 'a passive machine and a refused take-over write nothing')
    assert.equal(await router.ask('marker'), '')

    await page.goto(`${machine.desk}/cadangan`)
    await send(OWNER.password, code(secret, 1))
    await page.getByText('Mesin ini memegang situs ini, sebagai nomor 2.').first().waitFor()
    await look()
    await page.goto(`${machine.desk}/cadangan`)
    assert.equal(await form.count(), 0, 'there is nothing to take over')
    await machine.until('the router says who has the site', async () => / 2[. ]?/.test(await router.ask('marker')))
    watch.check()
  })

  test(`devices of before a restore are bound and released, ${mode}`, async (t) => {
    const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02']
    // Bound after the copy was made, which is what comes back.
    const prepare = async (machine, router) => {
      await machine.start()
      await machine.logIn()
      const { id } = await machine.api('POST', '/users', { name: 'Ani Lestari' })
      const copy = machine.copy()
      for (const mac of macs) await machine.api('POST', `/users/${id}/devices`, { mac })
      await machine.until('the router has the bindings', async () =>
        /kuota:/.test(await router.ask(`binding ${macs[0]}`)) && /kuota:/.test(await router.ask(`binding ${macs[1]}`)))
      await machine.kill()
      machine.restoreOnNewCard(copy)
      await machine.start()
      machine.cli(['take-over'])
      await machine.stop()
    }
    const { router, machine, page, watch, look } = await open(t, options, prepare)
    await page.getByText('2 perangkat di router tidak ada di data yang dipulihkan').click()
    await page.getByText('Ani Lestari').first().waitFor()
    await look()
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/orphans-${mode.replaceAll(' ', '-')}.png`, fullPage: true })
    await machine.logIn()

    const [first, second] = macs
    const card = (mac) => page.locator('section.card').filter({ hasText: mac })
    await card(first).getByRole('link', { name: /^Pasang ke Ani Lestari/ }).click()
    await agree(page)
    const [ani] = (await machine.api('GET', '/users?q=Ani')).items
    assert.deepEqual(ani.devices.map(({ mac }) => mac), [first])

    await page.goto(`${machine.desk}/perangkat/sebelum-pemulihan`)
    assert.equal(await card(first).count(), 0)
    await card(second).getByRole('link', { name: /^Lepas/ }).click()
    await agree(page)
    await machine.until('the router let go', async () => await router.ask(`binding ${second}`) === '')
    await page.goto(`${machine.desk}/perangkat/sebelum-pemulihan`)
    await page.getByText('Semua perangkat yang terpasang di router ada di data.').waitFor()
    assert.match(await router.ask(`binding ${first}`), /kuota:/)
    watch.check()
  })

  test(`the hotspot gets another name, and the daemon restarts, ${mode}`, async (t) => {
    const { machine, page, watch, look } = await open(t, options)
    await page.goto(`${machine.desk}/pengaturan`)
    await page.locator('main a[href="/pengaturan/nama"]').click()
    await page.locator('form[action$="/pengaturan/nama"] [name=name]').fill('Warung Ani')
    await agree(page)
    await look()

    await page.goto(`${machine.desk}/pengaturan`)
    machine.log = ''
    await page.locator('main a[href="/pengaturan/mulai-ulang"]').click()
    await agree(page)
    await machine.listens()
    watch.hosts.push(new URL(machine.desk).host)
    await page.goto(`${machine.desk}/pengaturan`)
    await page.locator('header').getByText('Warung Ani').first().waitFor()
    assert.equal(await page.locator('main a[href="/pengaturan/mulai-ulang"]').count(), 0, 'nothing waits for a restart')
    watch.check()
  })
}
