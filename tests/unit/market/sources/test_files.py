"""Files of the user: here, at an address, and in a bucket, read as `--prices` reads them."""

from datetime import date

import polars as pl
import pytest

from tests.loopback import Answer
from toolkit.market.sources.base import Query
from toolkit.market.sources.files import Files

CSV = b"date,asset,price,currency\n2026-11-24,REMX,66,USD\n2026-11-25,REMX,67.5,USD\n"


def fetched(client, *names, **more):
    one = client(**more)
    return {result.outcome.series: result for result in Files().fetch(Query(names, {}, one))}, one


def test_a_csv_at_an_address_is_read_once_while_it_does_not_change(server, client):
    server.routes["/files.example/own.csv"] = lambda asked: (
        Answer(status=304) if asked.headers.get("if-none-match") == '"1"' else Answer(CSV, headers={"ETag": '"1"'})
    )
    found, one = fetched(client, "https://files.example/own.csv")
    rows = found["https://files.example/own.csv"].tables["prices"]
    assert rows["price"].to_list() == [66.0, 67.5]
    assert rows["source"].unique().to_list() == ["files"]
    found, _ = fetched(client, "https://files.example/own.csv", validators=one.seen)
    outcome = found["https://files.example/own.csv"].outcome
    assert (outcome.status, outcome.rows) == ("ok", 0)


def test_a_dealers_list_grows_by_a_price_with_each_day(client, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("Stand: 25.11.2026\nMetall;Ankauf;Verkauf;Einheit\nGallium;650,00;780,00;kg\n")
    found, _ = fetched(client, str(path))
    rows = found[str(path)].tables["prices"].sort("source")
    assert rows.select("source", "asset", "price", "date").rows() == [
        ("files (dealer_ask)", "Gallium", 780.0, date(2026, 11, 25)), ("files (dealer_bid)", "Gallium", 650.0, date(2026, 11, 25)),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["missing.csv", "folder"])
def test_what_cannot_be_read_is_told_in_the_words_of_the_reader(client, tmp_path, name):
    (tmp_path / "folder").mkdir()
    found, _ = fetched(client, str(tmp_path / name))
    outcome = found[str(tmp_path / name)].outcome
    assert (outcome.status, outcome.reason) == ("failed", "not_data")
    assert name in outcome.detail


def test_parquet_in_a_bucket_is_read_by_polars(server, client, tmp_path, monkeypatch):
    frame = pl.DataFrame({"date": [date(2026, 11, 25)], "asset": ["COPX"], "price": [51.25], "currency": ["USD"]})
    frame.write_parquet(tmp_path / "own.parquet")
    body = (tmp_path / "own.parquet").read_bytes()

    def part(asked):
        span = asked.headers.get("range", "").removeprefix("bytes=")
        headers = {"Last-Modified": "Wed, 25 Nov 2026 00:00:00 GMT", "ETag": '"1"', "Accept-Ranges": "bytes"}
        if not span:
            return Answer(body, headers=headers)
        first, last = span.split("-")
        start = max(0, len(body) - int(last)) if not first else int(first)
        stop = len(body) if not first or not last else min(len(body), int(last) + 1)
        return Answer(body[start:stop], 206, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{len(body)}"})

    server.routes["/bucket/own.parquet"] = part
    for name, value in {
        "AWS_ENDPOINT_URL": server.address, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-central-1", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found, _ = fetched(client, "s3://bucket/own.parquet")
    result = found["s3://bucket/own.parquet"]
    assert result.outcome.status == "ok", result.outcome
    assert result.tables["prices"]["price"].to_list() == [51.25]
    assert any(asked.path == "/bucket/own.parquet" for asked in server.asked)


def test_a_bucket_that_is_not_there_fails_with_what_it_says(server, client, monkeypatch):
    for name, value in {"AWS_ENDPOINT_URL": server.address, "AWS_ALLOW_HTTP": "true", "AWS_ACCESS_KEY_ID": "x",
                        "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-central-1"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    found, _ = fetched(client, "s3://bucket/none.parquet")
    outcome = found["s3://bucket/none.parquet"].outcome
    assert (outcome.status, outcome.reason) == ("failed", "unreachable")
