"""Copies in a bucket of a server that nobody here wrote: a sale of between two copies comes back on a new card."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time

import pytest

from bucket import BUCKET, PREFIX, REGION, Bucket
from conftest import GB, OWNER_PASSWORD, eventually, http, shown
from first_run import Browser, FreshMachine

# How long a sale may stay on the card alone, in seconds.
TAIL_MAX = 60


@pytest.fixture(scope="module")
def bucket():
    with contextlib.closing(Bucket()) as bucket:
        yield bucket


def secret_file(agent, name: str, text: str) -> str:
    path = agent.dir / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def away(bucket, prefix: str) -> dict:
    """A configuration whose copies go to the bucket, with the card's own key."""
    place = f"s3://{BUCKET}/{prefix}"
    s3 = {"endpoint": bucket.url, "region": REGION, "key_id": bucket.card.id}
    return {"backup": {"target": place, "s3": s3}}


def site_on(make_site, bucket, prefix: str, secret: str | None = None):
    site = make_site(away(bucket, prefix), start=False)
    agent = site.agent
    agent.extra["backup"]["s3"]["secret_file"] = secret_file(agent, "s3.secret", secret or bucket.card.secret)
    agent.write_config()
    return site


def fetch(agent, bucket, file, *more: str, prefix: str = PREFIX, secret: str | None = None):
    return agent.cli(
        "fetch-copy", "--s3", f"s3://{BUCKET}/{prefix}", "--endpoint", bucket.url, "--region", REGION,
        "--key-id", bucket.kit.id, *more, str(file), "--json", stdin=(secret or bucket.kit.secret) + "\n",
    )  # fmt: skip


def below(bucket, prefix: str) -> list[str]:
    return [name.removeprefix(f"{prefix}/") for name in bucket.names() if name.startswith(f"{prefix}/")]


def tail_after(agent, moment: float) -> int:
    """When a segment was begun that has everything of before `moment`, by the daemon's own clock."""
    text = http("GET", f"{agent.url}/metrics").text
    found = re.search(r"^kuota_copy_tail_timestamp_seconds (\d+)", text, re.MULTILINE)
    assert found and int(found[1]) > moment, f"no tail yet: {found and found[0]}\n{agent.tail()}"
    return int(found[1])


def left(agent, user: str) -> int:
    """Bytes that a user has left."""
    return agent.get(f"/users/{user}")["remaining_bytes"]


@pytest.mark.slow
def test_a_sale_after_the_copy_comes_back_from_the_bucket_on_a_new_card(make_site, bucket):
    site = site_on(make_site, bucket, PREFIX)
    agent = site.agent
    kit = json.loads(agent.cli_ok("recovery-kit", "--json"))
    site.start()
    before = site.someone("Sebelum")
    package = agent.package("Sepuluh", 10 * GB, 50_000)

    def copies():
        names = [name for name in below(bucket, PREFIX) if name.endswith(".age")]
        assert names, f"no copy yet: {agent.tail()}"
        return names

    eventually(copies, timeout=90)
    tails = {name for name in below(bucket, PREFIX) if ".tail-" in name}

    who = site.someone("Sesudah")
    who.post("/purchases", {"package_id": package, "method": "cash"}, 200, 201)
    sold_at = time.time()
    sent_at = eventually(lambda: tail_after(agent, sold_at), timeout=2 * TAIL_MAX)
    assert sent_at - sold_at <= TAIL_MAX
    assert {name for name in below(bucket, PREFIX) if ".tail-" in name} - tails
    agent.kill()

    # Nothing in the bucket is readable, and everything has its digest with it.
    for name in bucket.names():
        content, kept = bucket.read(name)
        assert content.startswith(b"age-encryption.org/v1\n"), name
        assert b"Sesudah" not in content and b"SQLite" not in content
        assert kept["sha256"] == hashlib.sha256(content).hexdigest(), kept

    new = make_site(start=False).agent
    file = new.dir / "salinan.age"
    done = fetch(new, bucket, file)
    assert done.returncode == 0, shown(done)
    fetched = json.loads(done.stdout)
    assert fetched["segments"] >= 1, fetched
    again = fetch(new, bucket, file)
    assert again.returncode == 1 and "is there already" in again.stderr, shown(again)
    key = secret_file(new, "key.txt", kit["secret_key"])
    new.cli_ok("restore", str(file), "--key-file", key)
    new.verify()
    new.token = agent.token
    new.start()
    has_everything(new, before, who)

    # The same on the pages of a fresh machine, by phone.
    with contextlib.closing(FreshMachine(site.router)) as fresh:
        fresh.start()
        restore_on_the_pages(fresh, bucket, kit)
        fresh.token = agent.token
        has_everything(fresh, before, who)
        owner = Browser(fresh)
        body = {"username": "pemilik", "password": OWNER_PASSWORD}
        entered = http("POST", f"{fresh.url}/api/v1/login", body=body).expect(200)
        owner.cookie = entered.headers["set-cookie"].split(";")[0]
        owner.get("/cadangan").expect(200).says(
            "Data di mesin ini dipulihkan dari salinan pada", "dari perangkat 127.0.0.1, dengan kode di partisi boot"
        )
        assert bucket.kit.secret not in fresh.tail(1000) and kit["secret_key"] not in fresh.tail(1000)


def has_everything(new, before, who) -> None:
    """Both customers, the sale of after the copy, and a machine that only looks on."""
    names = {user["name"]: user["id"] for user in new.all("/users")}
    assert names == {"Sebelum": before.id, "Sesudah": who.id}
    assert left(new, who.id) == 10 * GB
    refused = new.call("POST", f"/users/{who.id}/credits", {"amount": "1 GB", "reason": "uji"})
    assert (refused.status, refused.code) == (503, "site_passive"), refused


def restore_on_the_pages(fresh, bucket, kit: dict) -> None:
    page = "/mulai/pulih/bucket"
    browser = Browser(fresh)
    browser.claim()
    browser.get(page).expect(200)
    good = {
        "url": bucket.url, "bucket": f"s3://{BUCKET}/{PREFIX}", "region": REGION, "key_id": bucket.kit.id,
        "secret": bucket.kit.secret, "site": "",
    }  # fmt: skip
    for wrong, words in [
        ({"bucket": "cadangan"}, "Tulis seperti s3://bucket/awalan."),
        ({"url": "http://192.168.88.5:9000"}, "Bukan alamat"),
        ({"secret": "mistyped"}, "Salinan tidak dapat diambil dari"),
        ({"key_id": bucket.card.id, "secret": bucket.card.secret}, "Salinan tidak dapat diambil dari"),
        ({"bucket": f"s3://{BUCKET}/kosong"}, "Di sana tidak ada salinan situs ini"),
    ]:
        refused = browser.send(page, **(good | wrong)).says(words)
        assert refused.status in (409, 422) and "mistyped" not in refused.text, refused.text
    sent = browser.send(page, **good)
    assert sent.to == "/mulai/pulih/kunci", sent.text
    other = "AGE-SECRET-KEY-1" + "Q" * 58
    browser.send(sent.to, secret=other).says("Ini bukan kunci kit pemulihan").expect(422)
    opened = browser.send(sent.to, secret=kit["secret_key"].lower())
    assert opened.to == "/mulai/pulih/periksa", opened.text
    browser.get(opened.to).expect(200).says("Pelanggan", "Isi salinan")
    browser.send(opened.to).expect(200).says("Data sudah dipulihkan")
    eventually(lambda: http("GET", f"{fresh.url}/api/ping").expect(200), timeout=60)
    eventually(lambda: http("GET", f"{fresh.url}/api/v1/openapi.json").expect(200), timeout=60)


@pytest.mark.slow
def test_a_wrong_secret_is_refused_in_words_and_the_copy_waits_on_the_card(make_site, bucket):
    site = site_on(make_site, bucket, "salah", secret="not-the-secret-of-this-key")
    agent = site.agent
    agent.cli_ok("recovery-kit", "--json")
    site.start()

    def told():
        error = agent.get("/status")["copies"].get("last_error")
        assert error and "SignatureDoesNotMatch" in error, (error, agent.tail())
        return error

    error = eventually(told, timeout=90)
    assert "waits on the card" in error and "not-the-secret" not in error + agent.tail(400)
    assert below(bucket, "salah") == []
    assert list((agent.data_dir / "backups").glob("kuota-*.age")), "the card has one meanwhile"

    # A reader whose secret is mistyped, a key that may not read, and a prefix without copies.
    file = agent.dir / "salinan.age"
    for refused, why in [
        (fetch(agent, bucket, file, secret="mistyped"), "SignatureDoesNotMatch"),
        (fetch(agent, bucket, file, prefix="salah"), "there is no copy"),
    ]:
        assert refused.returncode == 1 and why in refused.stderr, shown(refused)
        assert "mistyped" not in refused.stderr and not file.exists()
    card = ["--s3", f"s3://{BUCKET}/{PREFIX}", "--endpoint", bucket.url, "--region", REGION, "--key-id", bucket.card.id]
    denied = agent.cli("fetch-copy", *card, str(file), stdin=bucket.card.secret + "\n")
    assert denied.returncode == 1 and "AccessDenied" in denied.stderr, shown(denied)


def test_a_bucket_of_several_sites_is_not_guessed_among(own, bucket):
    names = ["kuota-0a1b2c3d-20261122T070500Z.db.zst.age", "kuota-ffffffff-20261123T070500Z.db.zst.age"]
    for name in names:
        bucket.s3.put_object(Bucket=BUCKET, Key=f"ramai/{name}", Body=name.encode())
    # More than one page of a list.
    for n in range(1, 1201):
        bucket.s3.put_object(Bucket=BUCKET, Key=f"ramai/{names[0]}.tail-{n:04}", Body=b"x")
    agent, file = own.agent, own.agent.dir / "salinan.age"
    several = fetch(agent, bucket, file, prefix="ramai")
    assert several.returncode == 1, shown(several)
    assert "0a1b2c3d (until 2026-11-2" in several.stderr and "ffffffff (until 2026-11-2" in several.stderr
    named = fetch(agent, bucket, file, "--site", "ffffffff", prefix="ramai")
    assert named.returncode == 0 and json.loads(named.stdout)["segments"] == 0, shown(named)
    assert file.read_bytes() == names[1].encode()
