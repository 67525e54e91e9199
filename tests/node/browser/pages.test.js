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

test('the dashboard takes at most two screens of a phone, what came in today first', async () => {
  const user = await town.api('POST', '/users', { name: 'Pembeli' })
  await town.api('POST', `/users/${user.id}/purchases`, { package_id: town.packages[0].id, method: 'cash' })
  for (const colorScheme of ['light', 'dark']) {
    const desk = await town.seated({ viewport: PHONE, colorScheme })
    await desk.goto(town.admin)
    await isFirst(desk, desk.getByRole('heading', { name: 'Pemasukan hari ini' }))
    await isFirst(desk, desk.locator('#menunggu').getByRole('link', { name: /Cadangan terakhir/ }))
    assert.equal(await desk.locator('#kesehatan').evaluate((details) => details.open), true, 'there is no backup')
    const most = 2 * PHONE.height
    assert.ok(await height(desk) <= most, `${await height(desk)} px are more than ${most}`)
    await accessible(desk)
    await noSidewaysScroll(desk)
    await desk.context().close()
  }
  const wide = await town.seated()
  await wide.goto(town.admin)
  const [left, right] = await Promise.all([0, 1].map((n) => wide.locator('.halves > section').nth(n).boundingBox()))
  assert.ok(left.y === right.y && left.x + left.width <= right.x, 'the plots are side by side')
  await wide.context().close()
})

test('plots have text of one size, and say the value of the bar that is pressed or reached by keys', async () => {
  const user = await town.api('POST', '/users', { name: 'Pembeli lagi' })
  await town.api('POST', `/users/${user.id}/purchases`, { package_id: town.packages[0].id, method: 'cash' })
  const sizes = new Set()
  for (const viewport of [PHONE, { width: 1280, height: 900 }]) {
    const desk = await town.seated({ viewport })
    await desk.goto(`${town.admin}/laporan`)
    const plot = desk.locator('.plot')
    assert.equal(await plot.locator('line').count(), 3)
    assert.match(await plot.locator('.value').first().textContent(), /^Rp /)
    for (const text of await plot.locator('text').all()) {
      sizes.add(await text.evaluate((node) => {
        const scale = node.ownerSVGElement.getScreenCTM()
        return `${parseFloat(getComputedStyle(node).fontSize) * scale.a} ${scale.d}`
      }))
    }
    const bars = plot.locator('.bars g')
    await bars.last().locator('rect.hit').click({ position: { x: 2, y: 2 } })
    assert.equal(await plot.locator('output').textContent(), await bars.last().locator('title').textContent())
    await plot.locator('.bars').focus()
    await desk.keyboard.press('ArrowLeft')
    assert.equal(await plot.locator('output').textContent(), await bars.nth(-2).locator('title').textContent())
    await accessible(desk)
    await desk.context().close()
  }
  assert.deepEqual([...sizes], ['12 1'])
  const desk = await town.seated({ javaScriptEnabled: false })
  await desk.goto(town.admin)
  await desk.locator('.halves details').first().locator('summary').click()
  assert.equal(await desk.locator('.halves table').first().locator('tbody tr').count(), 14)
  await desk.goto(`${town.admin}/laporan/pemakaian?from=2020-01-01&to=2020-01-31`)
  await desk.getByText('Belum ada data.').waitFor()
  await desk.context().close()
})

test('on a phone the rows of lists are cards with the action in reach; filters and orders are links', async () => {
  const user = await town.api('POST', '/users', { name: 'Ibu Berhutang', phone: '0812-0000-0002' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000, due_date: '2027-12-31' })
  for (const options of [{ viewport: PHONE }, { viewport: PHONE, colorScheme: 'dark', javaScriptEnabled: false }]) {
    const desk = await town.seated(options)
    for (const path of ['/pelanggan', '/tagihan', '/paket']) {
      await desk.goto(town.admin + path)
      await noSidewaysScroll(desk)
      // Nothing of a row is outside of the screen, and what can be done is large enough for a thumb.
      for (const cell of await desk.locator('.cards tbody tr').first().locator('th, td').all()) {
        const box = await cell.boundingBox()
        if (box) assert.ok(box.x >= 0 && box.x + box.width <= PHONE.width, `${path}: ${await cell.textContent()}`)
      }
      const act = await desk.locator('.cards .act a').first().boundingBox()
      assert.ok(act.height >= 32, `${path}: ${act.height}`)
      if (options.javaScriptEnabled !== false) await accessible(desk)
    }
    await desk.goto(`${town.admin}/pelanggan`)
    await desk.locator('.sorting summary').click()
    await desk.locator('.sorting').getByRole('link', { name: 'Harus dibayar' }).click()
    await desk.waitForURL(/urut=tagihan&arah=turun/)
    await desk.locator('.chips').getByRole('link', { name: /^Aktif/ }).click()
    await desk.waitForURL(/status=active/)
    await desk.getByText('Ibu Berhutang').first().waitFor()
    await desk.context().close()
  }
})

test('that a message was opened is noted; without scripts several are noted after a look at them', async () => {
  const user = await town.api('POST', '/users', { name: 'Pak Diingatkan', phone: '0812-0000-0003' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000, due_date: '2027-12-31' })
  const desk = await town.seated({ javaScriptEnabled: false })
  await desk.goto(`${town.admin}/tagihan?urut=nama`)
  await desk.getByRole('checkbox', { name: 'Pilih Pak Diingatkan' }).check()
  await desk.getByRole('button', { name: 'Catat yang dipilih sudah diingatkan' }).click()
  await desk.getByText('Belum pernah diingatkan').waitFor()
  await desk.getByRole('button', { name: 'Ya, sudah diingatkan' }).click()
  await desk.getByRole('status').getByText('1 pelanggan sudah diingatkan').waitFor()
  const row = desk.locator('tr', { hasText: 'Pak Diingatkan' })
  assert.match(await row.locator('[data-reminded]').textContent(), /\d{4}/)
  await desk.context().close()

  const other = await town.api('POST', '/users', { name: 'Bu Ditekan', phone: '0812-0000-0004' })
  await town.debt(other, { amount: '1 GB', price_rp: 20_000, due_date: '2027-12-31' })
  const page = await town.seated()
  await page.goto(`${town.admin}/tagihan?urut=nama`)
  // The message itself is on another host.
  await page.evaluate(() => { for (const link of document.querySelectorAll('[data-reminds]')) link.href = '/tentang' })
  await page.locator('tr', { hasText: 'Bu Ditekan' }).locator('[data-reminds]').click()
  await page.locator('tr', { hasText: 'Bu Ditekan' }).getByText('baru saja').waitFor()
  await town.until('it is noted', async () => {
    const { items } = await town.api('GET', '/audit?limit=20')
    return items.some(({ action, target }) => action === 'debt.remind' && target === other.id)
  })
  await page.context().close()
})
