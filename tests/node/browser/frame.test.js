// What surrounds every page of the desk: the bar of a phone, the menu of a wide screen, the search box; and what a first
// visit costs.
'use strict'

const assert = require('node:assert/strict')
const { after, afterEach, before, test } = require('node:test')
const { PHONE, Town, accessible, noSidewaysScroll } = require('./town.js')

const FIRST_VISIT_BYTES_MAX = 30_000
const FIRST_VISIT_REQUESTS_MAX = 5

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

const tabs = (page) => page.locator('nav.menu a:visible').evaluateAll((all) => all.map(({ textContent }) => textContent.trim()))

test('a phone has a bar of five at its lower edge, and the other tabs on a page', async () => {
  const desk = await town.seated({ viewport: PHONE })
  await desk.goto(town.admin)
  assert.deepEqual(await tabs(desk), ['Beranda', 'Pelanggan', 'Jual', 'Tagihan', 'Lainnya'])
  const bar = await desk.locator('nav.menu').boundingBox()
  assert.ok(bar.y + bar.height <= PHONE.height + 1 && bar.height <= 64, JSON.stringify(bar))
  // Every tab is large enough for a thumb.
  for (const tab of await desk.locator('nav.menu a:visible').all()) {
    const { width, height } = await tab.boundingBox()
    assert.ok(width >= 44 && height >= 44, `${width} x ${height}`)
  }
  // The end of a page is not below the bar.
  await desk.keyboard.press('End')
  await desk.waitForFunction(() => window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1)
  const foot = await desk.locator('.foot a').last().boundingBox()
  assert.ok(foot.y + foot.height <= bar.y, `the foot ends at ${foot.y + foot.height}, the bar begins at ${bar.y}`)
  await desk.getByRole('link', { name: 'Lainnya' }).click()
  await desk.getByText('Masuk sebagai demo (Pemilik)').waitFor()
  await accessible(desk)
  await desk.locator('main').getByRole('link', { name: 'Laporan' }).click()
  await desk.waitForURL(/\/laporan$/)
  assert.equal(await desk.locator('nav.menu a:visible[aria-current]').textContent(), 'Lainnya')
})

test('a wide screen has every tab beside the page, in groups', async () => {
  const desk = await town.seated()
  await desk.goto(`${town.admin}/laporan`)
  const all = await tabs(desk)
  assert.ok(all.length >= 13 && !all.includes('Lainnya'), `${all}`)
  for (const group of ['Harian', 'Uang', 'Sistem']) await desk.locator('nav.menu').getByText(group, { exact: true }).waitFor()
  const [menu, main] = [await desk.locator('nav.menu').boundingBox(), await desk.locator('main').boundingBox()]
  assert.ok(menu.x + menu.width <= main.x + 1, 'beside it')
  await accessible(desk)
})

test('the search box opens a single hit with Enter, shows several by kind, and "/" leads to it', async () => {
  const one = await town.api('POST', '/users', { name: 'Cari Satu', phone: '0857-1234-0001' })
  await town.api('POST', '/users', { name: 'Cari Dua', phone: '0857-1234-0002' })
  for (const viewport of [PHONE, { width: 1280, height: 900 }]) {
    const desk = await town.seated({ viewport })
    await desk.goto(`${town.admin}/laporan`)
    await desk.keyboard.press('/')
    assert.equal(await desk.evaluate(() => document.activeElement.id), 'cari')
    await desk.keyboard.type('+62 857 1234 0001')
    await desk.keyboard.press('Enter')
    await desk.waitForURL(`${town.admin}/pelanggan/${one.id}`)
    await desk.getByRole('searchbox', { name: 'Cari' }).fill('cari')
    await desk.getByRole('button', { name: 'Cari' }).first().click()
    await desk.getByRole('heading', { name: 'Hasil untuk' }).waitFor()
    await desk.getByRole('link', { name: 'Cari Dua' }).waitFor()
    // In the box itself the key types its sign.
    await desk.locator('#cari').press('/')
    assert.match(await desk.locator('#cari').inputValue(), /\//)
    await accessible(desk)
    await noSidewaysScroll(desk)
    await desk.context().close()
  }
})

test('without scripts the search box works by its button', async () => {
  const one = await town.api('POST', '/users', { name: 'Tanpa Naskah' })
  const desk = await town.seated({ viewport: PHONE, javaScriptEnabled: false })
  await desk.goto(town.admin)
  await desk.locator('#cari').fill('naskah')
  await desk.locator('form.find button').click()
  await desk.waitForURL(`${town.admin}/pelanggan/${one.id}`)
})

test('an error page keeps the menu and the search box', async () => {
  const desk = await town.seated({ viewport: PHONE })
  await desk.goto(`${town.admin}/tidak-ada`)
  assert.equal((await tabs(desk)).length, 5)
  await desk.locator('#cari').waitFor()
  await accessible(desk)
  await desk.getByRole('link', { name: 'Pelanggan', exact: true }).click()
  await desk.waitForURL(/\/pelanggan$/)
})

test('signs are drawn from the sprite, also in the dark', async () => {
  const desk = await town.seated({ colorScheme: 'dark' })
  await desk.goto(`${town.admin}/pelanggan`)
  await desk.locator('.badge .icon').first().waitFor()
  // A symbol that could not be loaded has no size.
  await desk.waitForFunction(() => [...document.querySelectorAll('.icon')].filter((icon) => icon.checkVisibility())
    .every((icon) => icon.firstElementChild.getBBox().width > 0))
  const signs = await desk.locator('.badge').evaluateAll((all) => all.filter((badge) => !badge.querySelector('.icon use')).length)
  assert.equal(signs, 0)
})

for (const [face, from] of [['desk', (town) => `${town.admin}/masuk`], ['portal', (town) => town.portal]]) {
  test(`a first visit of the ${face} costs little`, async () => {
    const page = await town.page()
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    let [requests, bytes] = [0, 0]
    session.on('Network.requestWillBeSent', () => { requests += 1 })
    session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength })
    await page.goto(from(town), { waitUntil: 'networkidle' })
    assert.ok(requests <= FIRST_VISIT_REQUESTS_MAX, `${requests} requests`)
    assert.ok(bytes > 0 && bytes <= FIRST_VISIT_BYTES_MAX, `${bytes} bytes`)
    await page.context().close()
  })
}
