// Every page of desk and portal that an address opens: axe finds nothing, nothing is wider than a phone of 360 px or a
// screen at 200 %, and no page is larger than 50 kB. The list is made from the routes of the source.
'use strict'

const assert = require('node:assert/strict')
const { readFileSync, readdirSync } = require('node:fs')
const path = require('node:path')
const { after, afterEach, before, test } = require('node:test')
const { GUEST_MAC, PHONE, Town, accessible, noSidewaysScroll, uncut, unfold } = require('./town.js')

const ROOT = path.join(__dirname, '../../..')
const PAGE_BYTES_MAX = 50_000
/** 1280 px at 200 %, and the width at which text of 400 % must still flow. */
const ZOOMED = { width: 640, height: 450 }
/** A phone of 360 px at 200 %. */
const ZOOMED_PHONE = { width: 180, height: 320 }

/** Addresses that are no page; each with why. */
const NO_PAGES = {
  '/cadangan/unduh': 'a file',
  '/b/{code}': 'leads to the page of an order',
  '/masuk': 'leads on who is logged in or known; the tests of logging in look at it',
  '/masuk/pin': 'leads on where no PIN is kept; the presses look at it',
  '/masuk/ganti': 'behind the proof of a PIN; the presses look at it',
  '/daftar': 'for a device of nobody; the presses look at it',
}

let town
before(async () => { town = await Town.open() })
after(() => town?.close())
afterEach(() => town.watch.check())

/** Literal routes below a folder that answer to GET with a page. */
function routes(folder) {
  const found = new Set()
  const files = readdirSync(path.join(ROOT, folder), { recursive: true }).filter((name) => name.endsWith('.rs'))
  const sources = files.map((name) => [name, readFileSync(path.join(ROOT, folder, name), 'utf8')])
  /** The value of a constant such as `hosts::PLACE`. */
  const constant = (named) => {
    const [module, key] = named.split('::')
    const [, source] = sources.find(([name]) => path.basename(name) === `${module}.rs`) ?? []
    return source?.match(new RegExp(`const ${key}: &str = "([^"]+)"`))?.[1]
  }
  for (const [, source] of sources) {
    for (const call of source.split('.route(').slice(1)) {
      const [first, ...handlers] = call.split(',')
      const named = first.trim()
      const route = named.startsWith('"') ? named.slice(1, -1) : constant(named)
      if (route?.startsWith('/') && /\bget\(/.test(handlers.join(','))) found.add(route)
    }
  }
  return [...found].filter((route) => !(route in NO_PAGES) && !route.startsWith('/unduh/')).sort()
}

/** What stands in the places of a route. */
async function filled() {
  const { items } = await town.api('GET', '/users?limit=50')
  const user = items.find((one) => one.debt_items_bytes > 0) ?? items[0]
  const [{ id: package_id }] = town.packages
  const buyer = await town.api('POST', '/users', { name: 'Pembeli Halaman' })
  const order = await town.api('POST', `/users/${buyer.id}/purchases`, { package_id, method: 'cash' })
  const closing = await town.api('POST', '/closings', { counted_rp: order.amount_rp })
  return (route) => route
    .replace('/pembayaran/{id}', `/pembayaran/${order.id}`)
    .replace('/kuitansi/{id}', `/kuitansi/${order.id}`)
    .replace('{no}', closing.no ?? closing.id)
    .replace('{mac}', GUEST_MAC)
    .replace('{id}', user.id)
}

async function look(page, address, options = {}) {
  const answer = await page.goto(address)
  const bytes = (await answer.body()).length
  assert.ok(bytes <= PAGE_BYTES_MAX, `${address} has ${bytes} bytes`)
  assert.equal(answer.status(), 200, address)
  if (options.unfolds) await unfold(page)
  await noSidewaysScroll(page)
}

test('every page of the desk is accessible and fits a phone and a screen at 200 %', async () => {
  const fill = await filled()
  const addresses = routes('src/agent/console').map(fill)
  assert.ok(addresses.length >= 30, `${addresses}`)
  for (const page of ['/perangkat', '/jual', '/laporan/bulan', '/pengaturan', '/tagihan', '/saya']) {
    assert.ok(addresses.includes(page), `${page} is not among ${addresses}`)
  }
  const [phone, zoomed] = [await town.seated({ viewport: PHONE }), await town.seated({ viewport: ZOOMED })]
  for (const address of addresses) {
    assert.ok(!address.includes('{'), `what shall stand in ${address}?`)
    await look(phone, town.admin + address, { unfolds: true })
    await uncut(phone)
    await accessible(phone)
    await look(zoomed, town.admin + address)
  }
})

test('every page of the portal is accessible and fits a phone and a screen at 200 %', async () => {
  const customer = await town.customer('Halaman')
  const debt = await town.debt(customer, { amount: '1 GB', price_rp: 20_000, customer_note: 'Untuk anak sekolah '.repeat(8) })
  await town.api('PATCH', `/users/${customer.id}`, { customer_note: 'Jaringan mati hari Minggu '.repeat(10) })
  const order = await town.api('POST', `/users/${customer.id}/purchases`, { package_id: town.packages[0].id, method: 'va_bni' })
  const fill = (route) => {
    if (route === '/policy/{status}') return ['blocked', 'inactive', 'expired', 'habis', 'fup'].map((status) => `/policy/${status}`)
    if (route === '/riwayat') return ['bayar', 'mutasi', 'pemakaian'].map((view) => `/riwayat?lihat=${view}`)
    if (route === '/lunasi/sebagian') return ['/lunasi/sebagian?rp=5.000']
    return [route.replace('{package}', town.packages[0].id).replace('{debt}', debt.id).replace('{order}', order.id)]
  }
  const addresses = routes('src/agent/portal').flatMap(fill)
  assert.ok(addresses.length >= 15 && addresses.includes('/bantuan') && addresses.includes('/pin'), `${addresses}`)
  const [phone, zoomed, near] = [await town.page(), await town.page({ viewport: ZOOMED }), await town.page({ viewport: ZOOMED_PHONE })]
  for (const address of addresses) {
    assert.ok(!address.includes('{'), `what shall stand in ${address}?`)
    await look(phone, town.portal + address)
    await accessible(phone)
    await look(zoomed, town.portal + address)
    await look(near, town.portal + address)
    await phone.evaluate(() => { document.documentElement.style.fontSize = '200%' })
    await noSidewaysScroll(phone)
  }
})
