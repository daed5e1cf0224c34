"""The portal as a process: the journey of a visitor, a killed process under load, and a stop."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.system.portal import Portal, aged, serving, sign_up


def soon(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="minutes")[:16]


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("portal"), TOOLKIT_WEB_DEMO="false") as found:
        found.page = found.create("Gallium & cousins", soon(-1), "--zone", "UTC", "--capacity", "1")  # type: ignore[attr-defined]
        found.start()
        yield found


def test_from_the_form_to_the_room_and_out_again(portal):
    visitor, address = portal.visitor(), "ana@example.com"
    assert visitor.get("/healthz").text == "ok\n"
    assert sign_up(visitor, portal.page, address).heading == "Look into your mail"
    assert visitor.press(portal.link("c", address)).heading == "Confirmed"
    assert visitor.press(portal.link("a", address)).heading == "Gallium & cousins"
    assert visitor.post("/leave", visitor.get("/room/").form("/leave")).heading == "Webinars"
    assert visitor.get("/room/").status == 401
    # The next one waits, and gets the seat that is given back.
    other, second = portal.visitor("de"), "bea@example.com"
    sign_up(other, portal.page, second)
    assert other.press(portal.link("c", second)).heading == "Bestätigt"
    assert other.get(portal.link("me", second).replace("/me/", "/a/")).status == 404
    visitor.press(portal.link("me", address))
    assert other.press(portal.link("a", second)).status == 200


def test_a_webinar_is_moved_enlarged_and_cancelled_on_the_command_line(portal):
    page = portal.create("Indium", soon(48), "--zone", "UTC", "--capacity", "1")
    people = {name: portal.visitor() for name in ("cyd", "dan")}
    for name, visitor in people.items():
        sign_up(visitor, page, f"{name}@example.com")
        visitor.press(portal.link("c", f"{name}@example.com"))
    seat = portal.link("a", "cyd@example.com")
    assert "seats: 2" in portal.run("webinar", "change", page, "--starts", soon(72), "--capacity", "2")
    assert portal.run("webinar", "change", page, "--capacity", "2").startswith("Nothing changed.")
    assert people["cyd"].press(seat).heading == people["dan"].press(portal.link("a", "dan@example.com")).heading == "Indium"
    assert json.loads(portal.run("webinar", "cancel", portal.base + page, "--json"))["cancelled"]
    assert ", cancelled, 2 confirmed" in portal.run("webinar", "list")
    assert people["cyd"].get("/room/").headers["Location"] == page

    def told() -> list[tuple[str, str]]:
        files = [(mail, *mail.iter_attachments()) for mail in portal.mails() if mail["To"][:3] in people]
        return sorted((mail["To"][:3], file[0].get_params()[-1][1]) for mail, *file in files if file)

    portal.wait_for(lambda: len(told()) == 6)  # with the seat, of the new time, and of the end
    assert told() == [(name, method) for name in people for method in ("CANCEL", "PUBLISH", "PUBLISH")]


def test_the_first_host_signs_in_by_the_printed_link_and_by_password(portal):
    link = re.findall(rf"{portal.base}/host/setup/\S+", portal.log.read_text("utf-8"))[-1]
    visitor = portal.visitor()
    weak = visitor.post(link, {**visitor.get(link).form(), "username": "mara", "password": "password1234"})
    assert weak.status == 422
    assert (
        visitor.post(link, {**visitor.get(link).form(), "username": "mara", "password": "correct horse battery"}).status == 200
    )
    assert portal.visitor().get(link).status == 404
    again = portal.visitor()
    assert again.get("/host/").headers["Location"].startswith("/host/login")
    form = {**again.get("/host/login").form(), "username": "mara", "next": "//evil.test"}
    for _ in range(4):
        assert again.post("/host/login", {**form, "password": "wrong"}, follow=False).status == 200
    assert (
        again.post("/host/login", {**form, "password": "correct horse battery"}, follow=False).headers["Location"] == "/host/"
    )
    again = portal.visitor()
    form = again.get("/host/login").form()
    for guess in range(5):
        answer = again.post("/host/login", {**form, "username": "eve", "password": f"wrong {guess}"}, follow=False)
    assert (answer.status, "Retry-After" in answer.headers) == (429, True)


def test_a_second_process_on_the_same_file_is_refused(portal):
    code, _, told = portal.command("serve", TOOLKIT_WEB_PORT="0")
    assert (code, "TOOLKIT_WEB_DATABASE_URL" in told) == (3, True)


def test_files_of_the_portal_are_for_their_owner_alone(portal):
    folder = portal.work / "portal"
    assert folder.stat().st_mode & 0o077 == 0
    assert [path for path in folder.iterdir() if path.stat().st_mode & 0o077] == []


def test_no_secret_and_no_address_is_in_the_log_beside_the_printed_mails(portal):
    portal.visitor().get("/a/" + "x" * 60)
    lines = [line for line in portal.log.read_text("utf-8").splitlines() if line.startswith("{")]
    assert lines
    assert not any("example.com" in line or "x" * 60 in line for line in lines)


def _storm(portal: Portal, page: str, acknowledged: list[str], ending: threading.Event, thread: int) -> None:
    """Register one address after the other until the portal is gone; a form is good for several sign-ups."""
    visitor = portal.visitor()
    fields = aged(portal, visitor.get(page).form(f"{page}register"))
    number = 0
    while not ending.is_set():
        number += 1
        address = f"a{thread}-{number}@example.com"
        try:
            answer = visitor.post(f"{page}register", {**fields, "name": "Ana", "email": address}, follow=False)
        except OSError:
            return
        if answer.status == 302:
            acknowledged.append(address)


def test_kill_under_load_loses_nothing_that_was_acknowledged(tmp_path: Path):
    with serving(tmp_path, TOOLKIT_WEB_TRUSTED_PROXY='["127.0.0.0/8"]', TOOLKIT_WEB_DEMO="false") as portal:
        page = portal.create("Gallium", soon(60), "--zone", "UTC", "--capacity", "1000")
        portal.start()
        _without_limits(portal)
        acknowledged: list[str] = []
        ending = threading.Event()
        threads = [threading.Thread(target=_storm, args=(portal, page, acknowledged, ending, i)) for i in range(6)]
        for thread in threads:
            thread.start()
        portal.wait_for(lambda: len(acknowledged) > 40)
        portal.stop(signal.SIGKILL)
        ending.set()
        for thread in threads:
            thread.join()
        database = sqlite3.connect(tmp_path / "portal" / "portal.sqlite3")
        # Rows that the killed process had in hand are due when their lease ends: here at once.
        database.execute("UPDATE web_outbox SET lease = NULL WHERE sent IS NULL")
        database.commit()
        stored = {address for (address,) in database.execute("SELECT email FROM web_registration")}
        assert {*acknowledged} <= stored
        portal.start()
        portal.wait_for(lambda: not database.execute("SELECT 1 FROM web_outbox WHERE sent IS NULL LIMIT 1").fetchone())
        database.close()
        mails = Counter(mail["To"] for mail in portal.mails())
        assert set(mails) == stored
        assert sum(mails.values()) - len(mails) <= 1


def _without_limits(portal: Portal) -> None:
    """Windows that began far in the future count nothing: each sign-up of the storm finds its counters at one."""
    database = sqlite3.connect(portal.work / "portal" / "portal.sqlite3")
    database.execute(
        "CREATE TRIGGER unlimited AFTER UPDATE ON web_counter BEGIN UPDATE web_counter SET n = 0 WHERE key = new.key; END"
    )
    database.commit()
    database.close()


def test_a_stop_ends_what_is_open_at_once(portal):
    assert portal.stop() < 5
    assert "Traceback" not in portal.log.read_text("utf-8")
    assert [line for line in portal.log.read_text("utf-8").splitlines() if '"level": "error"' in line] == []


def test_the_report_is_taken_home_where_no_chart_was_drawn_before(tmp_path):
    """What draws charts reserves more addresses than the process of the demo may have memory."""
    with serving(tmp_path) as portal:
        page = portal.create("Gallium", soon(-1), "--zone", "UTC")
        portal.start()
        visitor = portal.visitor()
        sign_up(visitor, page, "ana@example.com")
        for purpose in ("c", "a"):
            visitor.press(portal.link(purpose, "ana@example.com"))
        portal.wait_for(lambda: 'id="take"' in visitor.get("/room/").text)
        fields = visitor.get("/room/").form("/room/solve")
        asked = {name: fields[name] for name in ("csrfmiddlewaretoken", "budget", "aversion", "cap")}
        with ThreadPoolExecutor() as threads:
            waiting = threads.submit(visitor.post, "/room/report", {**asked, "scenario": "today"})
            # Another process makes it: whoever moves a slider meanwhile is answered.
            assert visitor.post("/room/solve", {**asked, "scenario": "today", "cap": "71"}).status == 200
            assert not waiting.done()
            report = waiting.result()
        assert (report.status, report.headers["Content-Disposition"]) == (200, 'attachment; filename="report.html"')
