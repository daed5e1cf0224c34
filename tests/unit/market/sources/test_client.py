"""The polite client against a server that misbehaves: each misbehaviour has its stated answer."""

import email.utils
import threading
import time

import pytest

from tests.loopback import Answer, as_html, as_json
from toolkit.market.sources.client import Budget, FetchError, Pace

URL = "https://data.example/series"
PATH = "/data.example/series"


def test_a_mirror_is_asked_in_place_of_the_host(server, client):
    server.routes[PATH] = as_json({"rows": [1]})
    assert client().get(URL, {"from": "2026-01"}).json() == {"rows": [1]}
    [asked] = server.asked
    assert (asked.path, asked.query) == (PATH, {"from": "2026-01"})
    assert asked.headers["user-agent"].startswith("strategic-metals-toolkit/")


def test_a_date_in_retry_after_is_held_against_the_date_of_the_reply(server, client):
    then = email.utils.formatdate(time.time() + 3600 + 1, usegmt=True)
    now = email.utils.formatdate(time.time() + 3600, usegmt=True)  # the clock of the source is an hour ahead

    def late(asked):
        return Answer(status=503, headers={"Retry-After": then, "Date": now}) if len(server.asked) == 1 else as_json({})

    server.routes[PATH] = late
    client().get(URL)
    assert server.asked[1].moment - server.asked[0].moment >= 0.9


def test_the_pause_holds_for_every_request_to_the_source(server, client):
    server.routes[PATH] = [Answer(status=429, headers={"Retry-After": "1"}), as_json({})]
    asking = client()
    first = threading.Thread(target=asking.get, args=(URL,))
    first.start()
    while not server.asked:
        time.sleep(0.01)
    time.sleep(0.1)
    asking.get(URL)
    first.join()
    assert all(asked.moment - server.asked[0].moment >= 1.0 for asked in server.asked[1:])


def test_a_source_that_asks_for_too_much_patience_is_given_up(server, client):
    server.routes[PATH] = Answer(status=429, headers={"Retry-After": "86400"})
    with pytest.raises(FetchError) as raised:
        client().get(URL)
    assert (raised.value.reason, raised.value.after, len(server.asked)) == ("rate_limited", 86400.0, 1)


def test_too_many_requests_without_a_time_are_repeated_ever_later_and_then_given_up(server, client):
    server.routes[PATH] = Answer(status=429)
    with pytest.raises(FetchError) as raised:
        client(pace=Pace(2.0, 4, 0.1)).get(URL)
    assert (raised.value.reason, len(server.asked)) == ("rate_limited", 4)
    gaps = [b.moment - a.moment for a, b in zip(server.asked, server.asked[1:], strict=False)]
    assert gaps[0] >= 0.05
    assert gaps[1] >= 0.1
    assert gaps[2] >= 0.2


def test_headers_that_drip_are_cut_off_too_and_the_next_request_is_answered(server, client):
    server.routes[PATH] = [Answer(drip=0.02, drip_headers=True), as_json({"rows": 1})]
    start, one = time.monotonic(), client(pace=Pace(deadline=0.3, attempts=1))
    with pytest.raises(FetchError) as raised:
        one.get(URL)
    assert raised.value.reason == "timeout"
    assert time.monotonic() - start < 10.0
    assert one.get(URL).json() == {"rows": 1}


def test_a_server_that_never_answers_is_a_timeout(server, client):
    def hang(asked):
        time.sleep(1.0)
        return as_json({})

    server.routes[PATH] = hang
    with pytest.raises(FetchError) as raised:
        client(pace=Pace(deadline=0.2, attempts=1)).get(URL)
    assert raised.value.reason == "timeout"


def test_a_body_that_is_cut_off_is_asked_for_again(server, client):
    whole = as_json({"rows": list(range(100))})
    server.routes[PATH] = [Answer(whole.body, cut=20), whole]
    assert len(client().get(URL).json()["rows"]) == 100
    server.routes[PATH] = Answer(whole.body, cut=20)
    with pytest.raises(FetchError) as raised:
        client().get(URL)
    assert raised.value.reason == "cut_off"


@pytest.mark.parametrize("kind", ["json", "file"])
def test_a_page_of_html_is_no_data_and_not_asked_for_again(server, client, kind):
    server.routes[PATH] = as_html()
    with pytest.raises(FetchError) as raised:
        client().get(URL, kind=kind)
    assert (raised.value.reason, len(server.asked)) == ("not_data", 1)


def test_an_empty_body_is_no_json(server, client):
    server.routes[PATH] = Answer(b"")
    with pytest.raises(FetchError) as raised:
        client().get(URL).json()
    assert (raised.value.reason, raised.value.detail) == ("not_data", "empty body")


def test_a_redirect_to_a_login_is_told_from_a_redirect(server, client):
    server.routes[PATH] = Answer(status=302, headers={"Location": "/data.example/v2/login?next=series"})
    server.routes["/data.example/v2/login"] = as_html("<html>Sign in</html>")
    with pytest.raises(FetchError) as raised:
        client().get(URL)
    assert raised.value.reason == "login"
    server.routes[PATH] = Answer(status=301, headers={"Location": "/data.example/moved"})
    server.routes["/data.example/moved"] = as_json({"moved": True})
    assert client().get(URL).json() == {"moved": True}


@pytest.mark.parametrize(("status", "reason"), [(401, "denied"), (403, "denied"), (404, "not_found"), (400, "denied")])
def test_refusals_are_not_repeated(server, client, status, reason):
    server.routes[PATH] = Answer(b"no", status=status)
    with pytest.raises(FetchError) as raised:
        client().get(URL)
    assert (raised.value.reason, len(server.asked)) == (reason, 1)


def test_no_connection_is_unreachable(client):
    asking = client(pace=Pace(0.5, 2, 0.01))
    asking.mirror = "http://127.0.0.1:9"
    with pytest.raises(FetchError) as raised:
        asking.get(URL)
    assert raised.value.reason == "unreachable"


def test_a_source_out_of_reach_is_not_asked_for_each_of_many_series(client):
    asking = client(pace=Pace(0.5, 5, 0.05))
    asking.mirror = "http://127.0.0.1:9"
    start = time.monotonic()
    for _ in range(30):
        with pytest.raises(FetchError):
            asking.get(URL)
    assert time.monotonic() - start < 15.0  # all attempts of all of them take 22 s


def test_a_budget_holds_across_threads(server, client):
    server.routes[PATH] = as_json({})
    asking = client(Budget(requests=3, seconds=0.5, workers=4))
    start = time.monotonic()
    assert len(list(asking.concurrently(lambda _: asking.get(URL), range(7)))) == 7
    # Three at once, three after half a second, and one after a whole.
    assert time.monotonic() - start >= 1.0
    assert len(server.asked) == 7


def test_what_has_not_changed_is_not_sent_again(server, client):
    def conditional(asked):
        if (
            asked.headers.get("if-none-match") == '"v1"'
            and asked.headers.get("if-modified-since") == "Mon, 02 Nov 2026 00:00:00 GMT"
        ):
            return Answer(status=304)
        body = as_json({"rows": 1})
        return Answer(body.body, headers={"ETag": '"v1"', "Last-Modified": "Mon, 02 Nov 2026 00:00:00 GMT"})

    server.routes[PATH] = conditional
    first = client()
    assert not first.get(URL, conditional="a,b").unchanged
    assert client(validators=first.seen).get(URL, conditional="a,b").unchanged
    # Another series of the same file was never read.
    assert not client(validators=first.seen).get(URL, conditional="a,b,c").unchanged
    assert not client(validators=first.seen).get(URL).unchanged


def test_an_exception_of_one_item_is_raised_and_the_others_are_left(client):
    asking = client(Budget(100, 1.0, workers=1))
    done = []

    def one(item):
        done.append(item)
        if item == 1:
            raise ValueError("bug")
        return item

    with pytest.raises(ValueError, match="bug"):
        list(asking.concurrently(one, [1, 2]))


def test_an_interrupted_client_waits_for_nothing(server, client):
    server.routes[PATH] = Answer(status=429, headers={"Retry-After": "60"})
    asking = client()
    threading.Timer(0.2, asking.stop.set).start()
    start = time.monotonic()
    with pytest.raises(FetchError):
        asking.get(URL)
    assert time.monotonic() - start < 30.0
