import hashlib

import pytest

from causalex_core.data import fetch, manifest

BIG = bytes(range(256)) * 800


def get(name="small"):
    return list(fetch.fetch(manifest.card(name)))


def part(house):
    return house.place(house.data, "big.bin.part")


def test_all_files_arrive_in_the_data_folder(house, host):
    house.add_card("small")
    steps = get()
    source = manifest.require("small")
    for path, content in host.files.items():
        assert source.read_bytes(path) == content
    assert not list(house.data.rglob("*.part"))
    assert {file.path: size for file, size in steps}["big.bin"] == len(BIG)


def test_addresses_are_percent_encoded_below_the_pinned_commit(house, monkeypatch):
    monkeypatch.delenv("CAUSALEX_RAW_URL", raising=False)
    house.add_card("small")
    card = manifest.card("small")
    assert fetch.url(card, card.files[0]) == (
        "https://raw.githubusercontent.com/someone/some-repo/"
        "0123456789abcdef0123456789abcdef01234567/labels/cas%28me%29%5E2%20new.csv"
    )


def test_files_that_are_here_are_not_asked_for(house, host):
    house.add_card("small")
    house.fill(house.mirror, {"big.bin": BIG})
    get()
    assert sorted(path for path, _ in host.requests) == ["empty.txt", "labels/cas(me)^2 new.csv"]
    assert not house.place(house.data, "big.bin").exists()
    host.requests.clear()
    assert get() == []
    assert host.requests == []


def test_broken_connection_keeps_the_part_and_the_next_run_goes_on(house, host):
    house.add_card("small", files={"big.bin": BIG})
    host.stop_after = 40960
    with pytest.raises(fetch.FetchError, match="broke; what has arrived is kept"):
        get()
    size = part(house).stat().st_size
    assert 0 < size <= 40960
    assert manifest.locate("small") is None
    host.stop_after = None
    get()
    assert host.requests[-1] == ("big.bin", f"bytes={size}-")
    assert manifest.require("small").read_bytes("big.bin") == BIG


def test_host_without_ranges_starts_over(house, host):
    house.add_card("small", files={"big.bin": BIG})
    part(house).parent.mkdir(parents=True)
    part(house).write_bytes(BIG[:5000])
    host.ranges = False
    get()
    assert manifest.require("small").read_bytes("big.bin") == BIG


def test_complete_part_takes_its_name_without_a_request(house, host):
    house.add_card("small", files={"big.bin": BIG})
    part(house).parent.mkdir(parents=True)
    part(house).write_bytes(BIG)
    get()
    assert host.requests == []
    assert manifest.require("small").read_bytes("big.bin") == BIG


@pytest.mark.parametrize("left", [b"y" * 5000, b"y" * len(BIG), b"y" * (len(BIG) + 1)])
def test_damaged_part_is_replaced(house, host, left):
    house.add_card("small", files={"big.bin": BIG})
    part(house).parent.mkdir(parents=True)
    part(house).write_bytes(left)
    get()
    assert manifest.require("small").read_bytes("big.bin") == BIG


@pytest.mark.parametrize("sent", [b"<html>", BIG[:-1] + b"x", BIG + b"more"])
def test_wrong_content_is_refused_with_both_hashes(house, host, sent):
    house.add_card("small", files={"big.bin": BIG})
    host.files["big.bin"] = sent
    with pytest.raises(fetch.FetchError) as caught:
        get()
    message = str(caught.value)
    assert hashlib.sha256(BIG).hexdigest() in message
    assert hashlib.sha256(sent).hexdigest() in message
    assert f"{host.url}/someone/some-repo" in message
    assert not [path for path in house.data.rglob("*") if path.name.startswith("big")]


def test_endless_answer_is_cut_off(house, host):
    house.add_card("small", files={"big.bin": b"short"})
    host.files["big.bin"] = BIG * 50
    with pytest.raises(fetch.FetchError, match="not the published file"):
        for _, size in fetch.fetch(manifest.card("small")):
            assert size < 200_000


def test_status_of_the_host_is_said(house, host):
    house.add_card("small", files={"gone.txt": b"x"})
    with pytest.raises(fetch.FetchError, match=r"answered 404 for http://127.*/gone\.txt"):
        get()


def test_host_that_cannot_be_reached_is_said_in_one_line(house, monkeypatch):
    house.add_card("small")
    monkeypatch.setenv("CAUSALEX_RAW_URL", "http://127.0.0.1:9")
    with pytest.raises(fetch.FetchError, match=r"127\.0\.0\.1:9 cannot be reached") as caught:
        get()
    assert "\n" not in str(caught.value)


def test_offline_asks_nobody(house, host, monkeypatch):
    house.add_card("small")
    monkeypatch.setenv("CAUSALEX_OFFLINE", "1")
    with pytest.raises(fetch.FetchError, match="CAUSALEX_OFFLINE"):
        get()
    assert host.requests == []
    house.fill(house.mirror)
    assert get() == []


def test_two_runs_do_not_write_to_one_part(house, host):
    house.add_card("small")
    first = fetch.fetch(manifest.card("small"))
    next(first)
    with pytest.raises(fetch.FetchError, match="another fetch is at work"):
        get()
    first.close()
    get()
    assert manifest.locate("small") is not None


def test_many_small_files_take_one_connection_and_a_stopped_run_asks_for_the_rest_only(house, host):
    files = {f"features/cas(me)^2/test/s{n % 7}/v_{n:04d}.npz": bytes([n]) * 50 for n in range(60)}
    host.files = files
    house.add_card("small", files=files)
    stopped = fetch.fetch(manifest.card("small"))
    for _ in range(30):
        next(stopped)
    stopped.close()
    asked = len(host.requests)
    assert 0 < asked < 60 and host.connections == 1
    get()
    assert manifest.require("small").files == tuple(sorted(files))
    assert len({path for path, _ in host.requests[asked:]} & set(list(files)[: asked - 1])) == 0
    assert host.connections == 2
