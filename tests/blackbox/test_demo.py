"""`kuotad demo` runs everything on loopback without any set-up."""

from __future__ import annotations

import re
import subprocess
import time

import pytest

from conftest import KUOTAD, clean_env, eventually, http, run_kuotad, shown

pytestmark = pytest.mark.slow


def test_the_demo_ends_by_itself_with_exit_0_and_prints_its_addresses(tmp_path):
    folder = tmp_path / "demo"
    start = time.monotonic()
    done = run_kuotad("demo", "--for", "5s", "--data-dir", str(folder), timeout=90)
    took = time.monotonic() - start
    assert done.returncode == 0, shown(done)
    urls = re.findall(r"^.*http://127\.0\.0\.1:\d+.*$", done.stdout, re.M)
    assert len(urls) >= 2, f"admin and portal on a line each: {shown(done)}"
    assert folder.is_dir(), "it creates its folder"
    assert 4 < took < 30, f"took {took:.1f} s"
    assert "panicked" not in done.stderr, shown(done)


def test_the_demo_answers_while_it_runs(tmp_path):
    out = tmp_path / "out"
    with open(out, "wb") as sink, open(tmp_path / "err", "wb") as errors:
        demo = subprocess.Popen(
            [KUOTAD, "demo", "--users", "5", "--for", "60s", "--data-dir", str(tmp_path / "demo")],
            stdout=sink,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            env=clean_env(),
        )
    try:

        def urls():
            found = re.findall(r"http://127\.0\.0\.1:\d+", out.read_text())
            assert len(set(found)) >= 2, out.read_text()
            return sorted(set(found))

        found = eventually(urls, timeout=30)

        def someone_pings():
            replies = [http("GET", url + path, timeout=5) for url in found for path in ("/api/v1/ping", "/api/ping")]
            assert any(r.status == 200 and b'"ok"' in r.body.replace(b" ", b"") for r in replies), list(map(str, replies))

        eventually(someone_pings, timeout=30)
    finally:
        demo.terminate()
        code = demo.wait(timeout=15)
    assert code == 0, (tmp_path / "err").read_text()[-3000:]


def test_two_demos_run_side_by_side(tmp_path):
    runs = [
        subprocess.Popen(
            [KUOTAD, "demo", "--for", "4s", "--data-dir", str(tmp_path / name)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            env=clean_env(),
        )
        for name in ("a", "b")
    ]
    ports = []
    for run in runs:
        out, err = run.communicate(timeout=90)
        assert run.returncode == 0, f"stdout: {out}\nstderr: {err[-3000:]}"
        ports.append(set(re.findall(r"http://127\.0\.0\.1:(\d+)", out)))
    assert not ports[0] & ports[1], ports
