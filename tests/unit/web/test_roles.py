"""Who helps with a webinar: co-hosts and moderators, and what each may."""

from __future__ import annotations

import re

import pytest

from tests.unit.web.test_routes import ROUTES, addresses  # noqa: F401  # a fixture
from tests.unit.web.visitors import OWN, PASSWORD, Browser, announced, log_in, registered
from toolkit.web import hosts
from toolkit.web.models import Assignment, AuditEntry, Host, Registration, Role, Token, Webinar

MODERATED = {"host-answer", "host-room", "host-live", "host-moderate", "host-poll", "host-new-poll"}
OWNED = {"host-helpers", "host-cancel", "host-delete"}
OF_A_WEBINAR = sorted(name for name, (address, _) in ROUTES.items() if address.startswith("/host/w/"))


def helper(webinar: Webinar, role: int, name: str = "ben") -> Browser:
    found = Browser()
    host = log_in(found, name)
    Assignment.objects.create(webinar=webinar, host=host, role=role)
    return found


@pytest.mark.parametrize("role", [0, *Role], ids=str)
def test_each_address_is_for_its_role(role, host, webinar, addresses):  # noqa: F811
    """With a form that no address takes: who may is told that it is none, who may not that there is nothing."""
    client = host if role == Role.OWNER else helper(webinar, role) if role else Browser()
    if not role:
        log_in(client, "ben")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get("/host/").content.decode())
    assert token
    refused = set()
    for name in OF_A_WEBINAR:
        address = ROUTES[name][0].format(**addresses)
        sent = {"csrfmiddlewaretoken": token[1], "nothing": "x"}
        answers = {client.get(address).status_code, client.post(address, sent, headers=OWN).status_code}
        if answers <= {404, 302, 405} and 404 in answers:
            refused.add(name)
    allowed = {0: set(), 1: MODERATED, 2: {*OF_A_WEBINAR} - OWNED, 3: {*OF_A_WEBINAR}}[role]
    assert {*OF_A_WEBINAR} - refused == allowed
    assert AuditEntry.objects.filter(action="refused", target=webinar.slug).exists() == bool(refused)


class TestHelpers:
    def add(self, host: Browser, webinar: Webinar, name: str, role: str):
        return host.send(f"/host/w/{webinar.slug}/helpers", {"host": name, "role": role})

    def test_a_host_is_named_gets_another_role_and_loses_it(self, host, webinar):
        ben, client = Host.objects.create_user("ben", password=PASSWORD), Browser()
        client.force_login(ben, backend="django.contrib.auth.backends.ModelBackend")
        page = f"/host/w/{webinar.slug}/"
        assert webinar.title not in client.get("/host/").content.decode()
        for role, status in (("1", 404), ("2", 200), ("0", 404)):
            assert self.add(host, webinar, "ben", role).status_code == 302
            assert client.get(page).status_code == status
            listed = client.get("/host/").content.decode()
            assert (webinar.title in listed, {"1": "moderator", "2": "co-host", "0": ""}[role] in listed) == (role != "0", True)
        assert Assignment.objects.count() == 0
        assert AuditEntry.objects.filter(action__endswith=f"of host:{ben.pk}", target=webinar.slug).count() == 3

    @pytest.mark.parametrize(("name", "role"), [("nobody", "1"), ("mara", "1"), ("ben", "3"), ("ben", "-1"), ("ben", "x")])
    def test_nobody_the_owner_and_no_role_are_refused(self, host, webinar, name, role):
        Host.objects.create_user("ben", password=PASSWORD)
        assert self.add(host, webinar, name, role).status_code == 422
        assert Assignment.objects.count() == 0

    def test_somebody_new_is_invited_by_a_link_that_is_shown_once(self, host, webinar):
        answer = self.add(host, webinar, "", "1")
        secret = re.search(r"/host/setup/([\w-]{43})", answer.content.decode())
        assert secret
        assert secret[1] not in host.get(f"/host/w/{webinar.slug}/helpers").content.decode()
        assert secret[1] not in {*Token.objects.values_list("digest", flat=True)}
        client = Browser()
        fields = {"username": "cleo", "password": PASSWORD}
        assert client.send(f"/host/setup/{secret[1]}", fields).headers["Location"] == "/host/"
        assert hosts.role(webinar, Host.objects.get(username="cleo")) == Role.MODERATOR
        assert client.get(f"/host/w/{webinar.slug}/").status_code == 404
        assert Browser().get(f"/host/setup/{secret[1]}").status_code == 404

    def test_a_role_is_of_one_webinar(self, host, webinar):
        client = helper(webinar, Role.COHOST)
        other = announced(host=webinar.host)
        assert client.get(f"/host/w/{webinar.slug}/").status_code == 200
        assert client.get(f"/host/w/{other.slug}/").status_code == 404
        theirs = registered(other, "else@example.com")
        sent = client.send(f"/host/w/{webinar.slug}/erase", {"registration": str(theirs.id)}, page=f"/host/w/{webinar.slug}/")
        assert (sent.status_code, Registration.objects.filter(id=theirs.id).exists()) == (404, True)

    def test_the_numbers_of_a_list_are_not_multiplied_by_helpers(self, host, webinar):
        registered(webinar)
        for name in ("ben", "cleo"):
            helper(webinar, Role.COHOST, name)
        assert '<td class="n" data-head="Confirmed">1</td>' in host.get("/host/").content.decode()

    def test_the_stream_of_a_host_ends_with_the_role(self, host, webinar):
        from toolkit.web.views.presenter import _holds

        client = helper(webinar, Role.MODERATOR)
        key = client.session.session_key
        assert _holds(key, webinar)
        Assignment.objects.all().delete()
        assert not _holds(key, webinar)
