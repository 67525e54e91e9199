// Puts Midtrans' own client library for Node, midtrans-client, to the simulated gateway.
//
// Usage: node sim_midtrans_sdk.js CHECK CORE_URL SNAP_URL SERVER_KEY
//
// CHECK names one function below. The Rust test `sim_midtrans` starts the gateway and calls this.
// Exit code 0 means that the check held.
'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const ApiConfig = require('midtrans-client/lib/apiConfig')
const midtrans = require('midtrans-client')

const [check, coreUrl, snapUrl, serverKey] = process.argv.slice(2)
ApiConfig.CORE_SANDBOX_BASE_URL = ApiConfig.CORE_PRODUCTION_BASE_URL = coreUrl
ApiConfig.SNAP_SANDBOX_BASE_URL = ApiConfig.SNAP_PRODUCTION_BASE_URL = snapUrl

const core = new midtrans.CoreApi({ isProduction: false, serverKey, clientKey: '' })
const snapApi = new midtrans.Snap({ isProduction: true, serverKey, clientKey: '' })
const transaction = core.transaction

const CHARGES = {
  qris: { payment_type: 'qris', qris: { acquirer: 'airpay shopee' } },
  gopay: { payment_type: 'gopay', gopay: { enable_callback: true, callback_url: 'http://127.0.0.1/back' } },
  shopeepay: { payment_type: 'shopeepay', shopeepay: { callback_url: 'http://127.0.0.1/back' } },
  echannel: { payment_type: 'echannel', echannel: { bill_info1: 'Payment For:', bill_info2: 'Internet' } },
}
for (const bank of ['bca', 'bni', 'bri', 'cimb', 'permata']) {
  CHARGES[bank] = { payment_type: 'bank_transfer', bank_transfer: { bank } }
}

const details = (orderId, amount) => ({ transaction_details: { order_id: orderId, gross_amount: amount } })
const charge = (orderId, method = 'qris', amount = 10000) =>
  core.charge({ ...details(orderId, amount), ...CHARGES[method] })
const snapOrder = (orderId) => snapApi.createTransaction(details(orderId, 10000))

async function press(path) {
  const answer = await fetch(coreUrl + path, { method: 'POST' })
  assert.ok(answer.ok, `${path}: ${answer.status}`)
}

// The customer pays what was shown.
const pay = (charged) => press(`/simulator/${charged.transaction_id}/pay`)

// The call must reject with what the library rejects with for a refusal. Its body.
async function refused(code, call) {
  const error = await call().then(
    (answer) => assert.fail(`not refused with ${code}: ${JSON.stringify(answer)}`),
    (error) => error,
  )
  assert.equal(error.name, 'MidtransError', error.stack)
  assert.equal(Number(error.httpStatusCode), code, error.message)
  return error.ApiResponse
}

const CHECKS = {
  async charges() {
    for (const method of Object.keys(CHARGES)) {
      const charged = await charge(`order-${method}`, method)
      assert.equal(charged.status_code, '201')
      assert.equal(charged.transaction_status, 'pending')
      assert.equal(charged.gross_amount, '10000.00')
      const shown = await transaction.status(`order-${method}`)
      assert.equal(shown.transaction_id, charged.transaction_id)
      await pay(charged)
      assert.equal((await transaction.status(charged.transaction_id)).transaction_status, 'settlement')
    }
  },

  async states() {
    await charge('a')
    assert.equal((await transaction.cancel('a')).transaction_status, 'cancel')
    assert.equal((await transaction.status('a')).status_code, '200')
    await charge('b', 'bca')
    assert.equal((await transaction.expire('b')).status_code, '407')
    assert.equal((await transaction.status('b')).status_code, '407')
    await pay(await charge('b', 'bni'))
    await refused(412, () => transaction.cancel('b'))
    await refused(412, () => transaction.expire('b'))
  },

  async refunds() {
    const ask = { refund_key: 'r-1', amount: 4000, reason: 'habis' }
    const charged = await charge('a', 'gopay')
    await refused(412, () => transaction.refund('a', ask))
    await pay(charged)
    assert.equal((await transaction.refund('a', ask)).transaction_status, 'partial_refund')
    await refused(406, () => transaction.refund('a', ask))
    await refused(414, () => transaction.refund('a', { refund_key: 'r-2', amount: 6001 }))
    const rest = await transaction.refundDirect('a', { refund_key: 'r-2', amount: 6000 })
    assert.equal(rest.transaction_status, 'refund')
    await pay(await charge('b', 'bca'))
    await refused(412, () => transaction.refund('b', ask))
  },

  async challenges() {
    for (const [order, decide, status] of [['a', 'approve', 'capture'], ['b', 'deny', 'deny']]) {
      const { token } = await snapOrder(order)
      await press(`/snap/v4/redirection/${token}/challenge/credit_card`)
      assert.equal((await transaction.status(order)).fraud_status, 'challenge')
      assert.equal((await transaction[decide](order)).status_code, '200')
      assert.equal((await transaction.status(order)).transaction_status, status)
      await refused(412, () => transaction[decide](order))
    }
  },

  async snap() {
    const token = await snapApi.createTransactionToken(details('a', 10000))
    const url = await snapApi.createTransactionRedirectUrl(details('a', 10000))
    assert.ok(token.length === 36 && !url.endsWith(token))
    await refused(404, () => snapApi.transaction.status('a'))
    await press(new URL(url).pathname + '/pay/gopay')
    assert.equal((await snapApi.transaction.status('a')).transaction_status, 'settlement')
    assert.match((await refused(400, () => snapOrder('a'))).error_messages[0], /taken/)
    await refused(400, () => snapApi.createTransaction(details('b', 0)))
    snapApi.apiConfig.set({ serverKey: 'dummy' })
    assert.match((await refused(401, () => snapOrder('b'))).error_messages[0], /unauthorized/)
  },

  async errors() {
    assert.match((await refused(404, () => transaction.status('nothing'))).status_message, /exist/)
    await charge('a')
    await refused(406, () => charge('a'))
    assert.ok((await refused(400, () => charge('b', 'qris', 0))).validation_messages.length)
    await refused(402, () => charge('b', 'bri'))
    await refused(500, () => core.charge(null))
    core.apiConfig.set({ serverKey: 'invalidkey' })
    await refused(401, () => charge('b'))
  },

  async notification() {
    const heard = []
    let wake
    const server = http.createServer((request, response) => {
      let text = ''
      request.on('data', (part) => { text += part })
      request.on('end', () => {
        heard.push(text)
        response.end()
        wake?.()
      })
    })
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    const next = async () => {
      while (heard.length === 0) await new Promise((resolve) => { wake = resolve })
      return heard.shift()
    }
    const url = `http://127.0.0.1:${server.address().port}/notification`
    core.httpClient.http_client.defaults.headers.common['X-Override-Notification'] = url
    const charged = await charge('a')
    assert.equal((await transaction.notification(await next())).transaction_status, 'pending')
    await pay(charged)
    const settled = JSON.parse(await next())
    const shown = await transaction.notification(settled)
    for (const name of ['transaction_status', 'order_id', 'gross_amount', 'signature_key', 'settlement_time']) {
      assert.equal(shown[name], settled[name])
    }
    server.close()
    server.closeAllConnections()
  },
}

CHECKS[check]().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
