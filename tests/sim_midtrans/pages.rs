//! Pages for people: what a customer with a browser does.

use kuota::sim::midtrans::{NotPossible, PayMethod, TransactionStatus};
use serde_json::{Value, json};

use crate::support::{Caller, start};

fn snap_order(order_id: &str) -> Value {
    json!({
        "transaction_details": {"order_id": order_id, "gross_amount": 10_000},
        "enabled_payments": ["gopay", "bca_va", "other_qris", "credit_card"],
        "callbacks": {"finish": "http://127.0.0.1/done?x=1"},
    })
}

/// The path of a URL of the gateway.
fn path(url: &Value) -> String {
    url.as_str().and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}")).expect("a URL")
}

#[tokio::test]
async fn a_customer_pays_on_the_snap_page() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    let made = caller.post("/snap/v1/transactions", &snap_order("s")).await;
    assert_eq!(made.http, 201);
    let page = path(&made.body["redirect_url"]);
    let shown = caller.call("GET", &page, &[], &Value::Null).await.expect("a page").text;
    assert!(
        shown.contains("Rp 10.000") && shown.contains("pay-bca_va") && !shown.contains("pay-bni_va"),
        "{shown}"
    );
    assert_eq!(sim.pay("s"), Err(NotPossible::NoMethod));
    assert_eq!(sim.find("s").expect("it is there").status, TransactionStatus::Created);
    let picked = caller.post(&format!("{page}/pick/bca_va"), &Value::Null).await;
    assert_eq!(picked.http, 303);
    let number = sim.find("s").and_then(|payment| payment.va_number).expect("a number");
    let shown = caller.call("GET", &page, &[], &Value::Null).await.expect("a page").text;
    assert!(shown.contains(&number), "{shown}");
    assert_eq!(caller.post(&format!("{page}/pay/gopay"), &Value::Null).await.http, 303);
    let paid = sim.find("s").expect("it is there");
    assert_eq!((paid.status, paid.method), (TransactionStatus::Settlement, Some(PayMethod::Gopay)));
    let shown = caller.call("GET", &page, &[], &Value::Null).await.expect("a page").text;
    assert!(shown.contains("http://127.0.0.1/done?x=1&amp;order_id=s&amp;status_code=200"), "{shown}");
    assert_eq!(caller.post(&format!("{page}/pay/gopay"), &Value::Null).await.http, 409);
    assert_eq!(caller.post(&format!("{page}/pay/bni_va"), &Value::Null).await.http, 409);
}

#[tokio::test]
async fn whoever_has_no_code_at_hand_finds_what_can_be_paid() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    let page = async || caller.call("GET", "/simulator", &[], &Value::Null).await.expect("a page").text;
    assert!(page().await.contains("Tidak ada yang menunggu"));
    let made = caller.post("/snap/v1/transactions", &snap_order("s")).await;
    let body = json!({"payment_type": "bank_transfer", "bank_transfer": {"bank": "bni"},
                      "transaction_details": {"order_id": "v", "gross_amount": 50_000}});
    caller.post("/v2/charge", &body).await;
    let payment = sim.find("v").expect("it is there");
    let number = payment.va_number.expect("a number");
    let transaction = payment.transaction_id.expect("an id");
    let shown = page().await;
    for text in [&number, &format!("href=\"/simulator/{transaction}\""), &path(&made.body["redirect_url"])] {
        assert!(shown.contains(text.as_str()), "no {text} in {shown}");
    }
    assert_eq!(caller.post(&format!("/simulator/{transaction}/pay"), &Value::Null).await.http, 303);
    assert!(!page().await.contains(&number));
}

#[tokio::test]
async fn a_wallets_page_takes_the_payment_and_a_code_has_a_picture() {
    let sim = start().await;
    let caller = Caller::new(&sim);
    let body = json!({"payment_type": "gopay", "transaction_details": {"order_id": "g", "gross_amount": 500},
                      "gopay": {"enable_callback": true, "callback_url": "http://127.0.0.1/back"}});
    let charged = caller.post("/v2/charge", &body).await;
    let action = |name: &str| {
        let actions = charged.body["actions"].as_array().expect("actions");
        path(&actions.iter().find(|action| action["name"] == name).expect("the action")["url"])
    };
    let picture =
        caller.call("GET", &action("generate-qr-code-v2"), &[], &Value::Null).await.expect("a picture");
    assert!(picture.text.contains("PNG"));
    let link = action("deeplink-redirect");
    assert!(caller.call("GET", &link, &[], &Value::Null).await.expect("a page").text.contains("Bayar"));
    assert_eq!(caller.post(&format!("{link}/pay"), &Value::Null).await.http, 303);
    let shown = caller.call("GET", &link, &[], &Value::Null).await.expect("a page").text;
    assert!(
        shown.contains("http://127.0.0.1/back?order_id=g") && shown.contains("result=success"),
        "{shown}"
    );
    assert_eq!(sim.find("g").expect("it is there").status, TransactionStatus::Settlement);
}

#[tokio::test]
async fn a_card_is_challenged_approved_and_settled() {
    let sim = start().await;
    Caller::new(&sim).post("/snap/v1/transactions", &snap_order("c")).await;
    sim.challenge("c").expect("cards are offered");
    sim.approve("c").expect("it is challenged");
    sim.settle("c").expect("it is captured");
    assert_eq!(sim.find("c").expect("it is there").status, TransactionStatus::Settlement);
    assert_eq!(sim.cancel_by_merchant("c"), Err(NotPossible::Status(TransactionStatus::Settlement)));
    assert_eq!(sim.pay_with("d", PayMethod::Gopay), Err(NotPossible::NoTransaction));
}
