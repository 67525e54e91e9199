// A browser, and what a person does on a page of it, counted.
'use strict'

const { chromium } = require('playwright-core')

/** Starts Chromium: without a sandbox, and without anything that it would do by itself. */
function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
    ],
  })
}

/** Sees pages by their titles, fills fields by their labels, presses buttons by their names. `look` is done on each page that is seen. */
function hands(page, look = async () => {}) {
  const counts = { screens: 0, fields: 0, presses: 0 }
  return {
    counts,
    async seen(title) {
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
      counts.screens += 1
      await look(counts)
    },
    async fill(label, text) {
      counts.fields += 1
      await page.getByLabel(label, { exact: true }).fill(text)
    },
    async press(name, role = 'button') {
      counts.presses += 1
      await page.getByRole(role, { name, exact: true }).click()
    },
  }
}

module.exports = { hands, launch }
