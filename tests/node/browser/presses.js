// Every form that is sent and every dialog of the desk and the portal: where it is, what is typed, and what is read when
// it was done. A case is named by the address its form goes to, with `{...}` for whatever names a customer, an order ...
'use strict'

const assert = require('node:assert/strict')
const { createHmac, randomBytes } = require('node:crypto')
const { readFileSync, readdirSync } = require('node:fs')
const { join, relative } = require('node:path')

const { GUEST_MAC } = require('./town.js')

const TEMPLATES = join(__dirname, '../../../templates')
const DONE = 'Sudah dilakukan'

/** An address as a case is named. */
function pattern(url) {
  const { pathname } = new URL(url, 'http://x')
  return decodeURIComponent(pathname)
    .replace(/^\/pembayaran\/[^/]+/, '/pembayaran/{order}')
    .replace(/^\/payment\/status\/[^/]+/, '/payment/status/{order}')
    .replace(/^\/pengelola\/(?!baru$)[^/]+/, '/pengelola/{name}')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '{id}')
    .replace(/([0-9A-F]{2}:){5}[0-9A-F]{2}/gi, '{mac}')
    .replace(/\/[0-9a-f]{40,}/g, '/{hash}')
    .replace(/\/\d+(?=\/|$)/g, '/{no}')
}

/** Every form that is sent and every dialog that the templates of a folder can make: file, kind and address. */
function marks(folder) {
  const files = readdirSync(join(TEMPLATES, folder), { recursive: true, withFileTypes: true })
  const found = new Set()
  for (const file of files.filter((file) => file.isFile())) {
    const path = join(file.parentPath ?? file.path, file.name)
    for (const [tag, name] of readFileSync(path, 'utf8').matchAll(/<(form|a|button)\b(?:\{[^}]*\}|[^>{])*>/g)) {
      const isForm = name === 'form' && tag.includes('method="post"')
      const isDialog = /\sdata-dialog\b/.test(tag)
      if (!isForm && !isDialog) continue
      const to = tag.match(/(?:action|href)="([^"]*)"/)
      const marked = `${relative(TEMPLATES, path)} ${isForm ? 'form' : 'dialog'}`
      assert.ok(to, `${marked} says no address: in a dialog it would go to another page`)
      found.add(`${marked} ${to[1]}`)
    }
  }
  return found
}

/** Every form of the templates, whatever its method. */
function forms() {
  const files = readdirSync(TEMPLATES, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return files.flatMap((file) => {
    const path = join(file.parentPath ?? file.path, file.name)
    const tags = readFileSync(path, 'utf8').match(/<form\b(?:\{[^}]*\}|[^>{])*>/g) ?? []
    return tags.map((tag) => `${relative(TEMPLATES, path)}: ${tag}`)
  })
}

/** What an authenticator shows, or will show so many half minutes later. A code is good once, and a little early. */
function code(secret, later = 0) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...secret.replace(/\s|=/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = hash[19] & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

let made = 0
const name = (what) => `${what} ${++made}`
const plain = (what) => `${what}${++made}`
const mac = () => `02:EE:${[...randomBytes(4)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`.toUpperCase()

const user = (town, settings = {}) => town.api('POST', '/users', { name: name('Warga'), ...settings })
const home = (user, deed) => ({ from: `/pelanggan/${user.id}`, to: `/pelanggan/${user.id}/${deed}` })
const debt = (town, user) => town.debt(user, { amount: '1 GB', price_rp: 20_000, due_date: '2027-12-31' })

/** A deed to a customer of its own. */
const toUser = (deed, fill = {}, before = async () => {}, settings = {}) => async (town) => {
  const one = await user(town, settings)
  await before(town, one)
  return { ...home(one, deed), fill }
}

const ofDebt = (deed, fill = {}) => async (town) => {
  const one = await user(town)
  const item = await debt(town, one)
  return { from: `/pelanggan/${one.id}`, to: `/pelanggan/${one.id}/tagihan/${item.id}/${deed}`, fill }
}

const toPackage = (deed, fill = {}, active = true) => async (town) => {
  const one = { name: name('Paket'), quota: '1 GB', days: 1, price_rp: 5_000, active }
  const { id } = await town.api('POST', '/packages', one)
  return { from: '/paket', to: `/paket/${id}/${deed}`, fill }
}

async function purchase(town, method) {
  const one = await user(town)
  const [{ id: package_id }] = town.packages
  return town.api('POST', `/users/${one.id}/purchases`, { package_id, method })
}

const toOrder = (deed, order, fill = {}) => async (town) => {
  const { id } = await order(town)
  return { from: `/pembayaran/${id}`, to: `/pembayaran/${id}/${deed}`, fill }
}

/** Money for an unlimited plan on credit that was written off meanwhile: nothing is owed, and no bytes can be given. */
async function inReview(town) {
  const one = await user(town)
  const plan = town.packages.find((item) => item.quota_bytes === null)
  const item = await town.debt(one, { package_id: plan.id, advance: false })
  const order = await town.api('POST', `/users/${one.id}/debts/${item.id}/settlements`, { method: 'qris' })
  await town.api('POST', `/users/${one.id}/debts/${item.id}/write-off`, { reason: 'uji' })
  await town.payOrder(order.id)
  await town.until('the payment is in review', async () => (await town.api('GET', `/orders/${order.id}`)).status === 'review')
  return order
}

async function admin(town, role = 'viewer') {
  const one = { name: plain('kelola'), role, password: 'rahasia sekali sekali' }
  await town.api('POST', '/admins', one)
  return one
}

/** An admin who logs in with a code. */
async function withSecondFactor(town) {
  const one = await admin(town)
  const { secret } = await town.as(one, 'POST', '/me/totp', {})
  await town.as(one, 'POST', '/me/totp/confirm', { otp: code(secret) })
  return { ...one, secret }
}

/** A form of a page as it stands: no dialog and no second page. */
const direct = (from, to, more = {}) => async () => ({ from, to, isDirect: true, done: '', ...more })

/** What it was done to is gone afterwards, and the page that asked with it. */
const gone = (make) => async (town) => ({ ...await make(town), isGone: true })

const DESK = {
  '/pelanggan/baru': async () => ({ from: '/pelanggan', to: '/pelanggan/baru', fill: { name: name('Baru') } }),
  '/bantuan/{mac}/selesai': async (town) => {
    await town.customer(name('Pembeli'))
    await town.askForHelp()
    return { from: '/bantuan', to: `/bantuan/${GUEST_MAC}/selesai`, isGone: true }
  },
  '/jual/{id}': async (town) => {
    const one = await user(town)
    const press = (page, form) => form.getByRole('button', { name: /^Terima Rp/ }).first().click()
    return { from: `/jual?q=${encodeURIComponent(one.name)}`, to: `/jual/${one.id}`, press, ends: /\/kuitansi\//, done: 'Diterima Rp' }
  },
  '/jual/baru': async () => ({ from: '/jual', to: '/jual/baru', fill: { name: name('Baru'), package_id: '' } }),
  '/jual/perangkat/{mac}/baru': async (town) => {
    await town.unbindGuest()
    return { from: '/jual', to: `/jual/perangkat/${GUEST_MAC}/baru`, fill: { name: name('Baru'), package_id: '' }, isGone: true }
  },
  '/pelanggan/{id}/lunasi': toUser('lunasi', {}, debt),
  '/pelanggan/{id}/bayar': toUser('bayar', { amount_rp: '5.000' }, debt),
  '/pelanggan/{id}/tagihan-paket': toUser('tagihan-paket'),
  '/pelanggan/{id}/tagihan-kuota': toUser('tagihan-kuota', { amount: '1 GB' }),
  '/pelanggan/{id}/kuota': toUser('kuota', { amount: '1 GB', reason: 'uji' }),
  '/pelanggan/{id}/reset': toUser('reset', { credit: '1 GB', reason: 'uji' }),
  '/pelanggan/{id}/setujui': toUser('setujui', {}, undefined, { approved: false }),
  '/pelanggan/{id}/ubah': toUser('ubah', { name: 'Warga yang lain' }),
  '/pelanggan/{id}/perangkat': async (town) => ({ ...home(await user(town), 'perangkat'), fill: { mac: mac() } }),
  '/pelanggan/{id}/pin': toUser('pin'),
  '/pelanggan/{id}/blokir': toUser('blokir', { reason: 'uji' }),
  '/pelanggan/{id}/buka': toUser('buka', {}, (town, one) => town.api('POST', `/users/${one.id}/block`, { reason: 'uji' })),
  '/pelanggan/{id}/koreksi': toUser('koreksi', { amount: '1 MB', reason: 'uji' }),
  '/pelanggan/{id}/hapus': gone(toUser('hapus')),
  '/pelanggan/{id}/tagihan/{id}/lunas': ofDebt('lunas'),
  '/pelanggan/{id}/tagihan/{id}/jatuh-tempo': ofDebt('jatuh-tempo', { due_date: '2028-01-31' }),
  '/pelanggan/{id}/tagihan/{id}/hapus': ofDebt('hapus', { reason: 'uji' }),
  '/pelanggan/{id}/perangkat/{mac}/pasang': async (town) => {
    const one = await user(town)
    await town.unbindGuest()
    return { from: `/perangkat?untuk=${one.id}`, to: `/pelanggan/${one.id}/perangkat/${GUEST_MAC}/pasang`, isGone: true }
  },
  '/pelanggan/{id}/perangkat/{mac}/lepas': gone(async (town) => {
    const [one, address] = [await user(town), mac()]
    await town.api('POST', `/users/${one.id}/devices`, { mac: address })
    return home(one, `perangkat/${address}/lepas`)
  }),
  '/paket/baru': async () => {
    const fill = { name: name('Paket'), quota: '1 GB', days: '1', price_rp: '5.000' }
    return { from: '/paket', to: '/paket/baru', fill }
  },
  '/paket/{id}/ubah': toPackage('ubah', { price_rp: '6.000' }),
  '/paket/{id}/henti': toPackage('henti'),
  '/paket/{id}/jual': toPackage('jual', {}, false),
  '/paket/{id}/hapus': gone(toPackage('hapus')),
  '/pembayaran/{order}/tutup': toOrder('tutup', inReview, { reason: 'uji' }),
  '/pembayaran/{order}/tanya': toOrder('tanya', (town) => purchase(town, 'qris')),
  '/pembayaran/{order}/batalkan': toOrder('batalkan', (town) => purchase(town, 'qris')),
  '/pembayaran/{order}/kembalikan': toOrder('kembalikan', (town) => purchase(town, 'cash'), { reason: 'uji' }),
  '/kasir/tutup': async () => ({ from: '/kasir', to: '/kasir/tutup', fill: { counted_rp: '0' } }),
  '/router/samakan': async () => ({ from: '/router', to: '/router/samakan' }),
  // Its button stands there only while the clock is doubted.
  '/jam/pastikan': async () => ({ from: '/', to: '/jam/pastikan', hasNoLink: true }),
  '/pengelola/baru': async () => {
    const fill = { name: plain('baru'), password: 'rahasia sekali sekali' }
    return { from: '/pengelola', to: '/pengelola/baru', fill }
  },
  '/pengelola/{name}/token': async (town) => ({ from: '/pengelola', to: `/pengelola/${(await admin(town)).name}/token` }),
  '/pengelola/{name}/peran': async (town) => ({
    from: '/pengelola', to: `/pengelola/${(await admin(town)).name}/peran`, fill: { role: 'cashier' },
  }),
  '/pengelola/{name}/kata-sandi': async (town) => ({
    from: '/pengelola', to: `/pengelola/${(await admin(town)).name}/kata-sandi`, fill: { password: 'rahasia yang lain' },
  }),
  '/pengelola/{name}/dua-langkah': async (town) => {
    const one = await withSecondFactor(town)
    return { from: '/pengelola', to: `/pengelola/${one.name}/dua-langkah` }
  },
  '/pengelola/{name}/hapus': gone(async (town) => ({
    from: '/pengelola', to: `/pengelola/${(await admin(town)).name}/hapus`,
  })),
  '/pengelola/{name}/token/{hash}/hapus': async (town) => {
    const one = await admin(town)
    await town.api('POST', `/admins/${one.name}/tokens`, {})
    return { from: '/pengelola', to: new RegExp(`^/pengelola/${one.name}/token/[0-9a-f]+/hapus$`) }
  },
  '/cadangan/periksa': direct('/cadangan', '/cadangan/periksa', { done: 'Buku besar cocok' }),
  '/dokter': direct('/dokter', '/dokter', { done: 'Diperiksa' }),
  '/versi/cari': direct('/versi', '/versi/cari', { done: 'Pembaruan diminta' }),
  '/cadangan/unduh': direct('/cadangan', '/cadangan/unduh', { isFile: true }),
  '/cadangan/kit': async (town) => {
    const as = await admin(town, 'owner')
    return { as, from: '/cadangan', to: '/cadangan/kit', isDirect: true, before: replaceKit, fill: { password: as.password }, done: 'Kit pemulihan dibuat' }
  },
  '/saya/kata-sandi': async (town) => {
    const as = await admin(town)
    const fill = { old: as.password, new: 'rahasia yang baru', again: 'rahasia yang baru' }
    return { as, from: '/saya', to: '/saya/kata-sandi', isDirect: true, fill, done: 'Kata sandi diganti.' }
  },
  '/saya/pin': async (town) => {
    const as = await admin(town, 'cashier')
    return { as, from: '/saya', to: '/saya/pin', isDirect: true, fill: { pin: '482915', pin_lagi: '482915' }, done: 'PIN cepat disimpan.' }
  },
  '/saya/pin/hapus': async (town) => {
    const as = await admin(town, 'cashier')
    const before = async (page) => {
      await page.getByLabel('PIN (6 angka)').fill('482915')
      await page.getByLabel('PIN, sekali lagi').fill('482915')
      await page.getByRole('button', { name: 'Simpan PIN' }).click()
      await page.getByRole('button', { name: 'Hapus PIN' }).waitFor()
    }
    return { as, from: '/saya', to: '/saya/pin/hapus', isDirect: true, before, done: 'PIN cepat dihapus.' }
  },
  '/masuk/pin': async (town) => {
    const as = await admin(town, 'cashier')
    const before = async (page) => {
      await page.getByLabel('Nama').fill(as.name)
      await page.getByLabel('Kata sandi').fill(as.password)
      await page.getByRole('button', { name: 'Masuk' }).click()
      await page.waitForURL(/\/saya$/)
      await page.getByLabel('PIN (6 angka)').fill('482915')
      await page.getByLabel('PIN, sekali lagi').fill('482915')
      await page.getByRole('button', { name: 'Simpan PIN' }).click()
      await page.getByText('PIN cepat disimpan.').waitFor()
      await page.goto(new URL('/masuk', page.url()).href)
      await page.getByRole('link', { name: 'Masuk dengan PIN' }).click()
      await page.waitForURL(/\/masuk\/pin$/)
    }
    return { isOutside: true, from: '/masuk?ke=/saya', to: '/masuk/pin', isDirect: true, before, fill: { pin: '482915' }, ends: /\/$/, done: 'Pemasukan hari ini' }
  },
  '/saya/sesi': async (town) => {
    const as = await admin(town)
    await town.as(as, 'GET', '/me')
    return { as, from: '/saya', to: '/saya/sesi', isDirect: true, done: 'Sesi lain diakhiri.' }
  },
  '/saya/dua-langkah': async (town) => {
    return { as: await admin(town), from: '/saya', to: '/saya/dua-langkah', isDirect: true, done: 'Pindai' }
  },
  '/saya/dua-langkah/pastikan': async (town) => ({
    as: await admin(town),
    from: '/saya',
    before: (page) => page.locator('form[action="/saya/dua-langkah"] button').click(),
    to: '/saya/dua-langkah/pastikan',
    isDirect: true,
    fill: async (page) => ({ otp: code(await page.locator('code').textContent()) }),
    done: 'Verifikasi dua langkah aktif.',
  }),
  '/saya/dua-langkah/matikan': async (town) => ({
    // Logged in before the second factor was there: a code is good once.
    as: await admin(town),
    later: async (one) => {
      const { secret } = await town.as(one, 'POST', '/me/totp', {})
      await town.as(one, 'POST', '/me/totp/confirm', { otp: code(secret) })
      one.secret = secret
    },
    from: '/saya',
    to: '/saya/dua-langkah/matikan',
    isDirect: true,
    fill: async (page, one) => ({ otp: code(one.secret, 1) }),
    done: 'Verifikasi dua langkah dimatikan.',
  }),
  '/masuk': async (town) => {
    const one = await withSecondFactor(town)
    return {
      isOutside: true,
      from: '/masuk?ke=/paket',
      to: '/masuk',
      isDirect: true,
      fill: { username: one.name, password: one.password },
      // The second step has a form of its own.
      next: async (page) => {
        await page.getByLabel('Kode 6 angka').fill(code(one.secret, 1))
        await page.getByRole('button', { name: 'Masuk' }).click()
      },
      ends: /\/paket$/,
      done: 'Hemat 5 GB',
    }
  },
  '/tagihan/ingatkan': async (town) => {
    const one = await user(town)
    await debt(town, one)
    return { from: `/tagihan/ingatkan?siapa=${one.id}`, to: '/tagihan/ingatkan', isDirect: true, done: '1 pelanggan sudah diingatkan' }
  },
  '/keluar': async (town) => {
    return { as: await admin(town), from: '/lainnya', to: '/keluar', isDirect: true, ends: /\/masuk$/, done: 'Masuk ke kuota' }
  },
}

const pays = (page) => page.getByRole('button', { name: /^Bayar Rp/ }).click()
const STATUS = /\/payment\/status\//
const WAITS = 'Menunggu pembayaran'

/** Whoever opens the portal owes this. */
async function debtor(town) {
  const one = await town.customer(name('Pembeli'))
  const item = await debt(town, one)
  return { one, item }
}

/** An open order of whoever opens the portal. */
async function opened(town) {
  const one = await town.customer(name('Pembeli'))
  const [{ id: package_id }] = town.packages
  const order = await town.api('POST', `/users/${one.id}/purchases`, { package_id, method: 'va_bni' })
  return `/payment/status/${order.id}`
}

const PORTAL = {
  '/beli/{id}': async (town) => {
    await town.customer(name('Pembeli'))
    return { from: '/beli', to: `/beli/${town.packages[0].id}`, press: pays, ends: STATUS, done: WAITS }
  },
  '/lunasi/semua': async (town) => {
    await debtor(town)
    return { from: '/lunasi', to: '/lunasi/semua', press: pays, ends: STATUS, done: WAITS }
  },
  '/lunasi/{id}': async (town) => {
    const { item } = await debtor(town)
    return { from: '/lunasi', to: `/lunasi/${item.id}`, press: pays, ends: STATUS, done: WAITS }
  },
  '/lunasi/sebagian': async (town) => {
    await debtor(town)
    const before = async (page) => {
      await page.locator('form[action="/lunasi/sebagian"] [name="rp"]').fill('5.000')
      await page.locator('form[action="/lunasi/sebagian"] button').click()
    }
    return { from: '/lunasi', before, to: '/lunasi/sebagian', isDirect: true, press: pays, ends: STATUS, done: WAITS }
  },
  '/payment/status/{order}/cek': async (town) => {
    const from = await opened(town)
    return { from, to: `${from}/cek`, isDirect: true, ends: /dicek=/, done: WAITS }
  },
  '/payment/status/{order}/ganti': async (town) => {
    const from = await opened(town)
    return { from, to: `${from}/ganti`, isDirect: true, ends: /\/beli\//, done: 'Cara bayar' }
  },
  '/payment/status/{order}/batal': async (town) => {
    const order = await opened(town)
    const before = (page) => page.locator('summary', { hasText: 'Batalkan' }).click()
    return { from: '/', before, to: `${order}/batal`, isDirect: true, done: 'Pembayaran dibatalkan' }
  },
  '/bantuan': async (town) => {
    await town.customer(name('Pembeli'))
    return { from: '/bantuan', to: '/bantuan', isDirect: true, fill: { pesan: 'tolong' }, done: 'menunggu pengelola' }
  },
  '/perangkat/{mac}/nama': async (town) => {
    await town.customer(name('Pembeli'))
    const to = `/perangkat/${GUEST_MAC}/nama`
    return { from: '/perangkat', to, isDirect: true, fill: { nama: 'HP Ibu' }, done: 'HP Ibu' }
  },
  '/perangkat/{mac}/lepas': async (town) => {
    await town.customer(name('Pembeli'))
    const before = (page) => page.locator('summary').first().click()
    return { from: '/perangkat', before, to: `/perangkat/${GUEST_MAC}/lepas`, isDirect: true, done: 'belum terdaftar', isGone: true }
  },
  '/pin': async (town) => {
    await town.customer(name('Pembeli'))
    return { from: '/pin', to: '/pin', isDirect: true, fill: { pin: '275310', pin_lagi: '275310' }, done: 'PIN sudah diganti.' }
  },
  '/masuk': async (town) => {
    const { pin, login } = await stranger(town, 0)
    const fill = { siapa: login, pin }
    return { from: '/masuk', to: '/masuk', isDirect: true, fill, ends: /:\d+\/$/, done: 'Sisa kuota' }
  },
  '/masuk/ganti': async (town) => {
    const { pin, login } = await stranger(town, 3)
    const before = async (page) => {
      await page.locator('[name="siapa"]').fill(login)
      await page.locator('[name="pin"]').fill(pin)
      await page.getByRole('button', { name: 'Masuk' }).click()
    }
    return { from: '/masuk', before, to: '/masuk/ganti', isDirect: true, ends: /:\d+\/$/, done: 'Sisa kuota' }
  },
  '/daftar': async (town) => {
    await stranger(town, 0)
    const phone = `0812${String(Date.now()).slice(-6)}${String(++made).padStart(3, '0')}`.slice(0, 13)
    const fill = { nama: name('Pendaftar'), hp: phone, pin: '482915', pin_lagi: '482915' }
    return { from: '/daftar', to: '/daftar', isDirect: true, fill, ends: /\/beli$/, done: 'Hemat 5 GB' }
  },
}

const leaves = { ends: /\/snap\//, done: '' }

/** Where the gateway's own page asks for the method, buttons of ours go straight there. */
const SNAP = {
  '/beli/{id}': async (town) => {
    await town.customer(name('Pembeli'))
    return { from: '/beli', to: `/beli/${town.packages[0].id}`, isDirect: true, ...leaves }
  },
  '/lunasi/semua': async (town) => {
    await debtor(town)
    return { from: '/lunasi', to: '/lunasi/semua', isDirect: true, ...leaves }
  },
  '/lunasi/{id}': async (town) => {
    const { item } = await debtor(town)
    return { from: '/lunasi', to: `/lunasi/${item.id}`, press: pays, ...leaves }
  },
  '/lunasi/sebagian': async (town) => {
    await debtor(town)
    return { from: '/lunasi', to: '/lunasi/sebagian', isDirect: true, fill: { rp: '5.000' }, ...leaves }
  },
}

/** Whoever opens the portal is nobody's; a customer with so many devices has this log-in and PIN. */
async function stranger(town, devices) {
  const login = plain('masuk')
  const one = await user(town, { login })
  for (let n = 0; n < devices; n += 1) await town.api('POST', `/users/${one.id}/devices`, { mac: mac() })
  const { pin } = await town.api('POST', `/users/${one.id}/pin`)
  await town.unbindGuest()
  return { login, pin }
}

/** Ticks that another kit is wanted, where there is one. */
async function replaceKit(page) {
  const box = page.locator('[name=replace]')
  if (await box.count()) await box.check()
}

/** What cannot come to be among simulated people, and the test that presses it to its end. */
const ELSEWHERE = {
  'desk /adopsi/ambil': 'handovers.test.js: hotspot users are looked at, taken by tick and given back',
  'desk /adopsi/kembalikan': 'handovers.test.js: hotspot users are looked at, taken by tick and given back',
  'desk /adopsi/selesaikan': 'handovers.test.js: what a power cut left of an adoption is finished',
  'desk /adopsi/kembali': 'handovers.test.js: a hotspot that was left comes back',
  'desk /pengaturan/nama': 'handovers.test.js: the hotspot gets another name, and the daemon restarts',
  'desk /cadangan/ambil-alih': 'handovers.test.js: a restored machine takes its site over',
  'desk /pengaturan/mulai-ulang': 'handovers.test.js: the hotspot gets another name, and the daemon restarts',
  'desk /perangkat/sebelum-pemulihan/{mac}/lepas': 'handovers.test.js: devices of before a restore are bound and released',
  'desk /pembayaran/{order}/bukukan': 'faces office: the_review_queue_stands_first_and_the_owner_decides_after_seeing_what_it_does',
}

/** Which cases press what a template makes. `*` stands for every one below an address. */
const PRESSED_BY = {
  'portal/help.html form /bantuan': ['portal /bantuan'],
  'portal/devices.html form {{ device.path }}/nama': ['portal /perangkat/{mac}/nama'],
  'portal/devices.html form {{ device.path }}/lepas': ['portal /perangkat/{mac}/lepas'],
  'portal/pin.html form /pin': ['portal /pin'],
  'console/counter/who.html dialog {{ buyer.path }}': ['desk /jual/{id}'],
  'console/counter/who.html dialog /jual/baru': ['desk /jual/baru'],
  'console/counter/who.html dialog /jual/perangkat/{{ device.mac }}/baru': ['desk /jual/perangkat/{mac}/baru'],
  'console/counter/sale.html form {{ action }}': ['desk /jual/{id}'],
  'console/form.html form {{ action }}': ['desk /pelanggan/baru', 'desk /pengelola/baru'],
  'console/confirm.html form {{ action }}': ['desk /pelanggan/{id}/lunasi', 'desk /pelanggan/{id}/pin', 'desk /pembayaran/{order}/tanya'],
  'console/login.html form {{ action }}': ['desk /masuk'],
  'console/layout.html form /keluar': ['desk /keluar'],
  'console/more.html form /keluar': ['desk /keluar'],
  'console/customers/remind.html form /tagihan/ingatkan': ['desk /tagihan/ingatkan'],
  'console/office/backup.html form /cadangan/unduh': ['desk /cadangan/unduh'],
  'console/office/adoption.html form /adopsi/ambil': ['desk /adopsi/ambil'],
  'console/office/adoption.html form /adopsi/kembalikan': ['desk /adopsi/kembalikan'],
  'console/office/adoption.html form /adopsi/selesaikan': ['desk /adopsi/selesaikan'],
  'console/office/adoption.html form /adopsi/kembali': ['desk /adopsi/kembali'],
  'console/office/doctor.html form /dokter': ['desk /dokter'],
  'console/office/version.html form /versi/cari': ['desk /versi/cari'],
  'console/office/backup.html form /cadangan/kit': ['desk /cadangan/kit'],
  'console/office/backup.html form /cadangan/ambil-alih': ['desk /cadangan/ambil-alih'],
  'console/office/backup.html form /cadangan/periksa': ['desk /cadangan/periksa'],
  'console/office/account.html form /saya/kata-sandi': ['desk /saya/kata-sandi'],
  'console/office/account.html form /saya/pin': ['desk /saya/pin'],
  'console/office/account.html form /saya/pin/hapus': ['desk /saya/pin/hapus'],
  'console/pin.html form /masuk/pin': ['desk /masuk/pin'],
  'console/office/account.html form /saya/dua-langkah': ['desk /saya/dua-langkah'],
  'pages/pending_factor.html form {{ pending.action }}': ['desk /saya/dua-langkah/pastikan'],
  'console/office/account.html form /saya/dua-langkah/matikan': ['desk /saya/dua-langkah/matikan'],
  'console/office/account.html form /saya/sesi': ['desk /saya/sesi'],
  'console/office/admins.html dialog /pengelola/baru': ['desk /pengelola/baru'],
  'console/office/admins.html dialog {{ button.href }}': [
    'desk /pengelola/{name}/token', 'desk /pengelola/{name}/peran', 'desk /pengelola/{name}/kata-sandi', 'desk /pengelola/{name}/dua-langkah', 'desk /pengelola/{name}/hapus',
    'desk /pengelola/{name}/token/{hash}/hapus',
  ],
  'console/office/orphans.html dialog {{ card.release }}': ['desk /perangkat/sebelum-pemulihan/{mac}/lepas'],
  'console/office/settings.html dialog {{ button.href }}': ['desk /pengaturan/nama', 'desk /pengaturan/mulai-ulang'],
  'console/office/payment.html dialog {{ button.href }}': [
    'desk /pembayaran/{order}/tutup', 'desk /pembayaran/{order}/tanya',
    'desk /pembayaran/{order}/batalkan', 'desk /pembayaran/{order}/kembalikan',
  ],
  'portal/choose.html form {{ path }}': ['portal /beli/{id}', 'portal /lunasi/sebagian'],
  'portal/offer.html dialog {{ offer_path }}': ['portal /beli/{id}', 'portal /lunasi/semua'],
  'portal/offer.html form {{ offer_path }}': ['snap /beli/{id}', 'snap /lunasi/semua'],
  'portal/bill.html dialog {{ path }}': ['portal /lunasi/{id}'],
  'portal/bill.html form /lunasi/sebagian': ['snap /lunasi/sebagian'],
  'portal/records.html dialog {{ path }}': ['portal /lunasi/{id}'],
  'portal/home.html form {{ open.cancel }}': ['portal /payment/status/{order}/batal'],
  'portal/status.html form /payment/status/{{ id }}/cek': ['portal /payment/status/{order}/cek'],
  'portal/status.html form /payment/status/{{ id }}/ganti': ['portal /payment/status/{order}/ganti'],
  'portal/status.html form /payment/status/{{ id }}/batal': ['portal /payment/status/{order}/batal'],
  'portal/login.html form /masuk': ['portal /masuk'],
  'portal/replace.html form /masuk/ganti': ['portal /masuk/ganti'],
  'portal/register.html form /daftar': ['portal /daftar'],
}

module.exports = { DESK, DONE, ELSEWHERE, PORTAL, PRESSED_BY, SNAP, code, forms, marks, pattern }
