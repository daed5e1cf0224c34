"""The area of hosts."""

from __future__ import annotations

import functools
import secrets
import threading
import unicodedata
from base64 import b32encode
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as verify
from django_otp.decorators import otp_required

from toolkit.report.i18n.language import mark
from toolkit.web import hosts
from toolkit.web.export import registrations_csv, registrations_xlsx
from toolkit.web.forms import (
    ChosenPassword,
    CodeForm,
    HostForm,
    HostLogin,
    NewPassword,
    PresentPassword,
    RegistrationForm,
    Strict,
)
from toolkit.web.gate import limits, registering
from toolkit.web.gate.news import agreed, news_readers
from toolkit.web.gate.outbox import last_mail
from toolkit.web.jinja import spoken
from toolkit.web.middleware import client_address
from toolkit.web.models import Assignment, Host, Registration, Role, Webinar
from toolkit.web.operations import audit
from toolkit.web.views.errors import link_not_valid, not_taken, too_many
from toolkit.web.views.gate import UNPROCESSABLE, limits_of_token, token_page
from toolkit.web.webinars import coming_and_over, with_counts

DEVICE, DEVICE_SECONDS = "web.device", 365 * 86_400
"""Salt of the cookie of a device that was logged in, and how long it holds."""
HASHING = threading.BoundedSemaphore(1)
"""A password takes 64 MiB and 0.3 s: one at a time, and whoever comes meanwhile comes again."""
MEANWHILE = 2
host_only = otp_required(if_configured=True)
"""A view for hosts who are logged in, with a one-time password where they have set that up."""
F = TypeVar("F", bound=Strict)
P = TypeVar("P", bound=PresentPassword)
OfWebinar = Callable[[HttpRequest, str], HttpResponseBase]
Posted = Callable[[HttpRequest, Webinar, F], HttpResponseBase]
FILES = {
    ".csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ROWS = 50
"""Registrations of a page."""
SORTED = {
    "created": ("created", "id"),
    "name": (Lower("name"), "id"),
    "email": ("email", "id"),
    "company": (Lower("company"), "id"),
    "state": ("state", "created", "id"),
}
"""Word of an address -> order of the registrations."""
STATES = {
    "pending": mark("not yet confirmed"),
    "confirmed": mark("has a seat"),
    "waitlisted": mark("on the waiting list"),
    "replay": mark("for the replay alone"),
    "cancelled": mark("cancelled"),
    "revoked": mark("revoked"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Name and password of a new host."""
    limits_of_token(request)
    if not hosts.is_setup(secret):
        return link_not_valid(request)
    form = HostForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        response = token_page(request, "host_setup.html", {"form": form})
        response.status_code = UNPROCESSABLE if request.method == "POST" else response.status_code
        return response
    with HASHING:
        host = hosts.make(secret, form.cleaned_data["username"], form.cleaned_data["password"])
    if host is None:
        return link_not_valid(request)
    login(request, host, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("host")


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class Login(LoginView):
    """Log in; Django hashes for unknown names too, and axes counts what fails."""

    template_name = "host_login.html"
    authentication_form = HostLogin

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One password at a time."""
        limits.check((limits.LOGIN_ADDRESS, limits.of_address(client_address(request))))
        if not HASHING.acquire(timeout=MEANWHILE):
            return too_many(request, MEANWHILE)
        try:
            limits.check_wrong(_subject(request))
            return super().post(request, *args, **kwargs)
        finally:
            HASHING.release()

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Count a wrong password; one with which a code is missing or wrong is none."""
        if form.get_user() is None and {"username", "password"} <= form.cleaned_data.keys():
            hosts.count_wrong(_subject(self.request), form.cleaned_data["username"])
        elif form.get_user() is not None and form.cleaned_data.get("otp_token"):
            audit.record(f"host:{form.get_user().pk}", "wrong code")
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in, and know the device again: strangers who try passwords for the name do not make it wait."""
        limits.forget_wrong(_subject(self.request))
        response, name = super().form_valid(form), settings.DEVICE_COOKIE_NAME
        flags = {"secure": settings.SESSION_COOKIE_SECURE, "httponly": True, "samesite": "Lax", "max_age": DEVICE_SECONDS}
        response.set_signed_cookie(name, f"{form.get_user().pk}.{secrets.token_hex(8)}", salt=DEVICE, **flags)
        return response


class Logout(LogoutView):
    """Log out, and have the browser forget the pages; what knows the device again stays."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session."""
        response = super().post(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache","storage"'
        return response


def _subject(request: HttpRequest) -> str:
    """Whose wrong passwords count together: those for a name, or those of a device that was logged in with it."""
    name = unicodedata.normalize("NFKC", request.POST.get("username", ""))
    device = request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, "", salt=DEVICE, max_age=DEVICE_SECONDS) or ""
    known = device and Host.objects.filter(username=name, pk=device.partition(".")[0]).exists()
    return device if known else name


@require_safe
@host_only
def host(request: HttpRequest) -> HttpResponse:
    """Every webinar with its numbers, those that others own too."""
    say = spoken()
    helps = dict(Assignment.objects.filter(host=request.user.pk).values_list("webinar", "role"))
    own = with_counts().filter(Q(host=request.user) | Q(id__in=helps))
    coming, over = coming_and_over(own)
    for one in (*coming, *over):
        one.role = helps.get(one.id, Role.OWNER)
    groups = [(say.words("Coming"), coming), (say.words("Over"), over)]
    slowed = hosts.slowed_at(cast("Host", request.user))
    data = {"listed": [(heading, found) for heading, found in groups if found], "slowed": slowed}
    return render(request, "host.html", data)


def _with_password(request: HttpRequest, kind: type[P]) -> P:
    """A form with the present password of the host, of whom as many are tried as at the login."""
    user = cast("Host", request.user)
    if request.method != "POST":
        return kind(None, user)
    limits.check((limits.LOGIN_ADDRESS, limits.of_address(client_address(request))))
    form, subject = kind(request.POST, user), f"session of {user.pk}"
    with HASHING:
        limits.check_wrong(subject)
        form.is_valid()
    if "password" in form.errors:
        hosts.count_wrong(subject, user.username)
    elif form.is_valid():
        limits.forget_wrong(subject)
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@host_only
def password(request: HttpRequest) -> HttpResponse:
    """A new password in place of the present one; this session goes on, the others end."""
    form = _with_password(request, NewPassword)
    if not form.is_valid():
        return render(request, "host_password.html", {"form": form}, status=UNPROCESSABLE if form.is_bound else 200)
    with HASHING:
        hosts.change_password(form.host, form.cleaned_data["new_password"])
    update_session_auth_hash(request, form.host)
    return redirect("host")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def recovered(request: HttpRequest, secret: str) -> HttpResponse:
    """A new password of a host who comes by the link of `toolkit serve recover`."""
    limits_of_token(request)
    found = hosts.recovering(secret)
    if found is None:
        return link_not_valid(request)
    form = ChosenPassword(request.POST if request.method == "POST" else None, found)
    if not form.is_valid():
        response = token_page(request, "host_password.html", {"form": form})
        response.status_code = UNPROCESSABLE if form.is_bound else response.status_code
        return response
    with HASHING:
        hosts.change_password(found, form.cleaned_data["new_password"])
    return redirect("host-login")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@host_only
def codes(request: HttpRequest) -> HttpResponse:
    """One-time passwords: begun with the present password, in use once a code of them was entered."""
    user = cast("Host", request.user)
    begins = "code" not in request.POST
    held = _with_password(request, PresentPassword) if begins else PresentPassword(None, user)
    if held.is_bound and held.is_valid():
        if hosts.code_device(user, confirmed=True) is None:
            hosts.begin_codes(user)
        return redirect("host-codes")
    form = CodeForm(None if begins else request.POST)
    if form.is_bound and form.is_valid():
        device = hosts.confirm_codes(user, form.cleaned_data["code"])
        if device is not None:
            verify(request, device)
            audit.record(audit.actor(request), "one-time passwords")
            return redirect("host-codes")
        form.add_error("code", spoken().words("This is not the present code."))
    begun = hosts.code_device(user, confirmed=False)
    data = {
        "form": form,
        "held": held,
        "in_use": hosts.code_device(user, confirmed=True) is not None,
        "secret": None if begun is None else b32encode(begun.bin_key).decode().rstrip("="),
        "picture": None if begun is None else hosts.picture(begun),
    }
    return render(request, "host_codes.html", data, status=UNPROCESSABLE if form.errors or held.errors else 200)


def of(least: Role) -> Callable[[Callable[[HttpRequest, Webinar], HttpResponseBase]], OfWebinar]:
    """The view of a webinar for hosts who are logged in and have a role in it: every page of one goes through here.

    Whoever tries one without the role is in the audit log.
    """

    def decorated(view: Callable[[HttpRequest, Webinar], HttpResponseBase]) -> OfWebinar:
        @host_only
        @functools.wraps(view)
        def found(request: HttpRequest, slug: str) -> HttpResponseBase:
            webinar = get_object_or_404(Webinar, slug=slug)
            webinar.role = hosts.role(webinar, cast("Host", request.user))
            if webinar.role < least:
                audit.record(audit.actor(request), "refused", slug)
                raise Http404
            return view(request, webinar)

        return found

    return decorated


of_own = of(Role.COHOST)


def posted(kind: type[F], least: Role = Role.COHOST) -> Callable[[Posted[F]], OfWebinar]:
    """The view for hosts who send a form about a webinar in which they have a role: 400 for another form."""

    def decorated(view: Posted[F]) -> OfWebinar:
        @require_POST
        @of(least)
        @functools.wraps(view)
        def taken(request: HttpRequest, webinar: Webinar) -> HttpResponseBase:
            form = kind(request.POST)
            return view(request, webinar, form) if form.is_valid() else not_taken(request, form)

        return taken

    return decorated


def registrations(webinar: Webinar) -> QuerySet[Registration]:
    """Registrations in the order they came, with whether a confirmed consent to news was given, and the last mail's fate."""
    given = Exists(agreed().filter(registration=OuterRef("pk")))
    return webinar.registrations.annotate(news=given, mail=last_mail()).order_by("created", "id")  # type: ignore[attr-defined]


@require_safe
@of_own
def webinar(request: HttpRequest, found: Webinar) -> HttpResponse:
    """The registrations of a webinar: totals, and those that are looked for, a page at a time."""
    say, every = spoken(), registrations(found)
    states = {name: say.words(words) for name, words in STATES.items()}
    asked, order = request.GET.get("q", "").strip()[:100], request.GET.get("sort", "")
    order = order if order in SORTED else "created"
    about = Q(name__icontains=asked) | Q(email__icontains=asked) | Q(company__icontains=asked)
    looked_for = every.filter(about) if asked else every
    page = Paginator(looked_for.order_by(*SORTED[order]), ROWS).get_page(request.GET.get("page"))
    living, told = registering.LIVING, registering.TOLD
    rows = [(one, states[one.state], one.state in living, one.state in told) for one in page]
    counted = with_counts().values("confirmed", "waitlisted", "pending", "replay").get(id=found.id)
    totals = [
        (say.words("Seats"), found.capacity),
        (say.words("Confirmed"), counted["confirmed"]),
        (say.words("Waiting"), counted["waitlisted"]),
        (say.words("Not confirmed"), counted["pending"]),
        *([(say.words("For the replay alone"), counted["replay"])] if counted["replay"] else []),
        (say.words("Refused mails"), every.filter(mail="refused").count()),
    ]
    data = {"webinar": found, "rows": rows, "news": len(news_readers(found)), "totals": totals, "page": page, "asked": asked}
    return render(request, "host_webinar.html", {**data, "order": order})


def exported(request: HttpRequest, webinar: Webinar, content: bytes, name: str) -> HttpResponse:
    """A file about a webinar to save; who took it is in the audit log.

    Args:
        request: Of the host.
        webinar: Of the host.
        content: Of the file.
        name: Of the file.
    """
    audit.record(audit.actor(request), "export", webinar.slug)
    return HttpResponse(
        content, content_type=FILES[name[-4:]], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@require_safe
@of_own
def registrations_file(request: HttpRequest, found: Webinar) -> HttpResponse:
    """The registrations of a webinar as CSV."""
    return exported(request, found, registrations_csv(registrations(found), found), "registrations.csv")


@require_safe
@of_own
def workbook(request: HttpRequest, found: Webinar) -> HttpResponse:
    """The registrations of a webinar as a workbook."""
    return exported(request, found, registrations_xlsx(registrations(found), found), "registrations.xlsx")


def _changing(change: Callable[[Registration], object], action: str) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """The view that changes the registration that a form names; `action` is its name in the audit log."""

    @posted(RegistrationForm)
    def changed(request: HttpRequest, webinar: Webinar, form: RegistrationForm) -> HttpResponse:
        one = get_object_or_404(Registration, webinar=webinar, id=form.cleaned_data["registration"])
        change(one)
        audit.record(audit.actor(request), action, one.id)
        return redirect("host-webinar", webinar.slug)

    return changed


revoke = _changing(functools.partial(registering.cancel, state=Registration.State.REVOKED), "revoke")
"""End a registration: its link, its sessions, its seat."""
renew = _changing(registering.renew, "renew")
"""End a personal link that others have, and send a new one: the seat stays."""
admit = _changing(registering.admit, "admit")
"""Give a seat to who waits."""
resend = _changing(lambda one: registering.resend(one.webinar, one.email), "resend")
"""Send the mail of a registration again."""
erase = _changing(registering.erase, "erase")
"""Delete everything of a registration."""
