// Every form and every dialog of the desk and the portal, pressed to its end: with scripts, without them, and on a phone.
// Afterwards the browser goes all the way back, and nothing is sent again.
'use strict'

const assert = require('node:assert/strict')
const { after, before, describe, test } = require('node:test')
const { DESK, DONE, ELSEWHERE, PORTAL, PRESSED_BY, SNAP, forms, marks, pattern } = require('./presses.js')
const { PHONE, Town, noSidewaysScroll, unfold } = require('./town.js')

const WIDE = { width: 1280, height: 900 }
const MODES = {
  'with scripts': { viewport: WIDE },
  'without scripts': { viewport: WIDE, javaScriptEnabled: false },
  'on a phone': { viewport: PHONE },
}
// How many pages a case may leave behind.
const BACK_MAX = 8

const towns = {}
before(async () => {
  [towns.core, towns.snap] = await Promise.all([
    Town.open({ more: ['--registration', 'payment'] }), Town.open({ mode: 'snap' }),
  ])
})
after(() => Promise.all(Object.values(towns).map((town) => town.close())))

/** What running pages contained: face, kind and address. */
const seen = new Set()
const pressed = new Set()

async function note(face, page) {
  const found = await page.evaluate(() => [
    ...[...document.querySelectorAll('form')].filter((form) => form.getAttribute('method') === 'post')
      .map((form) => form.getAttribute('action') ?? ''),
    ...[...document.querySelectorAll('[data-dialog]')].map((link) => link.getAttribute('href')),
  ])
  for (const to of found) {
    assert.ok(to, `${page.url()} has a form without an address`)
    seen.add(`${face} ${pattern(to)}`)
  }
}

/** Nothing is labelled by what stands elsewhere under the same name. */
async function noNameTwice(page) {
  const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map(({ id }) => id))
  assert.deepEqual(ids.filter((id, at) => ids.indexOf(id) !== at), [], page.url())
}

const path = (url) => decodeURIComponent(new URL(url, 'http://x').pathname)

function leadsTo(to) {
  return to instanceof RegExp ? (url) => to.test(path(url)) : (url) => path(url) === path(to)
}

/** What of a page leads there and can be seen: a link to be pressed, or a form. */
async function find(page, selector, attribute, to) {
  await unfold(page)
  const all = page.locator(selector)
  for (let at = 0; at < await all.count(); at += 1) {
    const address = await all.nth(at).getAttribute(attribute)
    if (address && leadsTo(to)(address) && await all.nth(at).isVisible()) return all.nth(at)
  }
  return assert.fail(`nothing on ${page.url()} leads to ${to}`)
}

/** Opens a deed by its link, in a dialog where that is one and scripts run. Answers its form. */
async function open(page, one, hasScripts) {
  if (one.hasNoLink) {
    await page.goto(new URL(one.to, page.url()).href)
    return find(page, 'main form[method=post]', 'action', one.to)
  }
  const link = await find(page, 'main a[href]', 'href', one.to)
  const isDialog = hasScripts && await link.getAttribute('data-dialog') !== null
  await link.click()
  if (isDialog) await page.locator('dialog[open] form[method=post]').waitFor()
  else await page.waitForURL(leadsTo(one.to))
  await noNameTwice(page)
  return find(page, `${isDialog ? 'dialog[open]' : 'main'} form[method=post]`, 'action', one.to)
}

async function fill(form, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = form.locator(`[name="${name}"]:not([type=hidden])`)
    if (await field.evaluate((element) => element.tagName) === 'SELECT') await field.selectOption(value)
    else await field.fill(value)
  }
}

async function toItsEnd(page, one, form) {
  if (one.isFile) {
    const [download] = await Promise.all([page.waitForEvent('download'), form.locator('button').first().click()])
    assert.match(download.suggestedFilename(), /\.db$/)
    return
  }
  if (one.press) await one.press(page, form)
  else await form.locator('button').first().click()
  if (one.next) await one.next(page)
  if (!one.isDirect && !one.press) await agree(page)
  if (one.ends) await page.waitForURL(one.ends)
  const done = one.done ?? DONE
  if (done) await page.getByText(done).first().waitFor()
}

/** Says yes to what would happen, where a page shows that first. */
async function agree(page) {
  const yes = page.getByRole('button', { name: 'Ya, lakukan' })
  const done = page.getByRole('status').getByText(DONE)
  await yes.or(done).first().waitFor()
  if (await yes.count()) {
    await noSidewaysScroll(page)
    await yes.click()
  }
  await done.waitFor()
}

/** Goes back to where it began. A page that a form was sent to would ask to send it again. */
async function backToTheStart(page, start, isGone) {
  const sent = []
  const watch = (request) => { if (request.method() === 'POST') sent.push(request.url()) }
  page.on('request', watch)
  for (let n = 0; n < BACK_MAX && page.url() !== start; n += 1) {
    const before = page.url()
    await page.goBack({ waitUntil: 'domcontentloaded' })
    assert.ok(!page.url().startsWith('chrome-error'), `going back from ${before} ends at an error`)
    if (!isGone) assert.equal(await page.getByText('Halaman tidak ditemukan').count(), 0, `going back from ${before}`)
  }
  page.off('request', watch)
  assert.deepEqual(sent, [], 'going back sends a form again')
}

async function press(town, face, name, make, options) {
  const one = await make(town)
  const hasScripts = options.javaScriptEnabled !== false
  const isDesk = face === 'desk'
  const base = isDesk ? town.admin : town.portal
  const page = isDesk && !one.isOutside ? await town.seated(options, one.as) : await town.page(options)
  try {
    await one.later?.(one.as)
    await page.goto(base + one.from)
    await note(face, page)
    const start = page.url()
    if (one.before) await one.before(page)
    if (one.before && one.isDirect) await page.locator('main form[method=post]').first().waitFor()
    const form = one.isDirect
      ? await find(page, 'form[method=post]', 'action', one.to)
      : await open(page, one, hasScripts)
    await note(face, page)
    await noSidewaysScroll(page)
    await fill(form, typeof one.fill === 'function' ? await one.fill(page, one.as) : one.fill ?? {})
    await toItsEnd(page, one, form)
    assert.equal(await page.getByText('Halaman tidak ditemukan').count(), 0, page.url())
    if (page.url().startsWith(base)) await note(face, page)
    await backToTheStart(page, start, one.isGone)
    pressed.add(`${face} ${name}`)
  } finally {
    await page.context().close()
  }
  town.watch.check()
}

test('every form of a template says where it goes', () => {
  assert.deepEqual(forms().filter((tag) => !/\saction="/.test(tag)), [])
})

test('every form and dialog of the templates has its case', () => {
  const known = new Set(['console', 'pages', 'portal'].flatMap((folder) => [...marks(folder)]))
  assert.deepEqual([...known].filter((mark) => !(mark in PRESSED_BY)), [], 'without a case')
  assert.deepEqual(Object.keys(PRESSED_BY).filter((mark) => !known.has(mark)), [], 'in no template')
  const cases = new Set([['desk', DESK], ['portal', PORTAL], ['snap', SNAP]]
    .flatMap(([face, all]) => Object.keys(all).map((name) => `${face} ${name}`)))
  assert.deepEqual(Object.values(PRESSED_BY).flat().filter((name) => !cases.has(name) && !(name in ELSEWHERE)), [], 'no such case')
})

for (const [mode, options] of Object.entries(MODES)) {
  describe(mode, () => {
    for (const [face, all, town] of [['desk', DESK, 'core'], ['portal', PORTAL, 'core'], ['snap', SNAP, 'snap']]) {
      // Whoever opens the portal is one customer after the other.
      describe(face, { concurrency: face === 'desk' ? 2 : 1 }, () => {
        for (const [name, make] of Object.entries(all)) {
          test(`${face} ${name}`, () => press(towns[town], face, name, make, options))
        }
      })
    }
  })
}

/** Opens every page of the desk that another one leads to, one of each kind. */
async function walk(page, base) {
  const [waiting, visited] = [[`${base}/`], new Set()]
  while (waiting.length > 0) {
    const url = waiting.shift()
    if (visited.has(pattern(url))) continue
    visited.add(pattern(url))
    const answer = await page.goto(url)
    if (!/html/.test(answer.headers()['content-type'] ?? '')) continue
    await note('desk', page)
    const links = await page.locator('a[href]:not([download])').evaluateAll((all) => all.map(({ href }) => href))
    waiting.push(...links.filter((link) => link.startsWith(`${base}/`)))
  }
  return visited
}

test('running pages contain no form and no dialog without a case', async () => {
  const town = towns.core
  const user = await town.api('POST', '/users', { name: 'Semua' })
  await town.debt(user, { amount: '1 GB', price_rp: 20_000, due_date: '2027-12-31' })
  await town.api('POST', `/users/${user.id}/purchases`, { package_id: town.packages[0].id, method: 'cash' })
  const page = await town.seated()
  const visited = await walk(page, town.admin)
  await page.context().close()
  assert.ok(visited.size > 40, `${[...visited]}`)
  const faces = { desk: DESK, portal: PORTAL, snap: SNAP }
  const unknown = [...seen].filter((one) => {
    const [face, name] = [one.split(' ')[0], one.slice(one.indexOf(' ') + 1)]
    return !(name in faces[face]) && !(face === 'snap' && name in PORTAL) && !(one in ELSEWHERE)
  })
  assert.deepEqual(unknown, [])
  const never = Object.values(PRESSED_BY).flat().filter((name) => !pressed.has(name) && !(name in ELSEWHERE))
  assert.deepEqual(never, [], 'never pressed to their end')
})
