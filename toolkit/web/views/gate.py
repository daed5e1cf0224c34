"""From the form to the room. A GET shows a button and changes nothing: mail scanners follow links."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from toolkit.web.forms import EmailForm, Nothing, SignUpForm, stamp
from toolkit.web.gate import consent, limits, registering, tokens
from toolkit.web.jinja import spoken
from toolkit.web.middleware import client_address
from toolkit.web.models import Registration, Webinar
from toolkit.web.views.errors import bad_request, link_not_valid
from toolkit.web.views.public import webinar_page
from toolkit.web.words import moment

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Store a sign-up; the answer is the same for every address."""
    webinar = get_object_or_404(Webinar, slug=slug)
    address = limits.of_address(client_address(request))
    limits.check(*((limit, address) for limit in limits.REGISTER_ADDRESS), (limits.REGISTER_WEBINAR, webinar.slug))
    form = SignUpForm(request.POST)
    if not form.is_valid():
        form.data = form.data.copy()  # type: ignore[union-attr]
        form.data["started"] = stamp()  # type: ignore[index]
        return webinar_page(request, webinar, form, UNPROCESSABLE)
    say, given = spoken(), form.cleaned_data
    sign_up = registering.SignUp(
        email=given["email"],
        name=given["name"],
        company=given["company"],
        language=say.code,
        marketing=given["marketing"],
        shown=consent.texts(say, settings.PORTAL.organiser),
        shown_at=request.path,
        source=given["source"],
        refused=form.is_of_a_robot or _mailed_enough(given["email"]),
    )
    registering.register(webinar, sign_up)
    return redirect("sent", slug)


def _mailed_enough(email: str) -> bool:
    return bool(limits.exceeded((limit, limits.of_email(email)) for limit in limits.REGISTER_EMAIL))


@require_POST
def resend(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the mail of a registration again; the answer is the same for every address."""
    webinar = get_object_or_404(Webinar, slug=slug)
    address = limits.of_address(client_address(request))
    limits.check(*((limit, address) for limit in limits.REGISTER_ADDRESS))
    form = EmailForm(request.POST)
    if not form.is_valid():
        return bad_request(request)
    email = form.cleaned_data["email"]
    registering.resend(webinar, email, refused=_mailed_enough(email))
    return redirect("sent", slug)


@require_safe
def sent(request: HttpRequest, slug: str) -> HttpResponse:
    """Look into your mail."""
    return render(request, "sent.html", {"webinar": get_object_or_404(Webinar, slug=slug)})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """A button that confirms an address."""
    limits_of_token(request)
    if request.method != "POST":
        token = tokens.find("confirm", secret)
        if token is None or token.registration is None:
            return link_not_valid(request)
        webinar = token.registration.webinar
        return token_page(request, "confirm.html", {"webinar": webinar, "when": moment(webinar, spoken()), "secret": secret})
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    outcome, registration = registering.confirm(secret)
    if registration is None:
        return link_not_valid(request)
    if outcome == "expired":
        return token_page(request, "expired.html", {"webinar": registration.webinar, "again_form": EmailForm()})
    return redirect("confirmed", registration.webinar.slug)


@require_safe
def confirmed(request: HttpRequest, slug: str) -> HttpResponse:
    """The next mail says whether there is a seat; this page is the same for all."""
    webinar = get_object_or_404(Webinar, slug=slug)
    return render(request, "confirmed.html", {"webinar": webinar, "when": moment(webinar, spoken())})


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, secret: str) -> HttpResponse:
    """A button that exchanges a personal link for a session."""
    limits_of_token(request)
    registration = registering.enter(secret)
    if registration is None:
        return link_not_valid(request)
    if request.method != "POST":
        webinar = registration.webinar
        return token_page(request, "enter.html", {"webinar": webinar, "when": moment(webinar, spoken()), "secret": secret})
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    request.session.flush()
    request.session["registration"] = str(registration.id)
    request.session.save()
    registering.end_oldest_sessions(registration)
    return redirect("room")


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest, secret: str) -> HttpResponse:
    """One's own registration, with a button that cancels it."""
    limits_of_token(request)
    registration = tokens.follow(secret, tokens.ME)
    if registration is None:
        return link_not_valid(request)
    if request.method == "POST":
        if not Nothing(request.POST).is_valid():
            return bad_request(request)
        registering.cancel(registration)
        return token_page(request, "cancelled.html", {"webinar": registration.webinar})
    return token_page(request, "me.html", {"registration": registration, **_of(registration), "secret": secret})


def _of(registration: Registration) -> dict[str, object]:
    webinar = registration.webinar
    return {"webinar": webinar, "when": moment(webinar, spoken()), "consents": registration.consents.select_related("text")}  # type: ignore[attr-defined]


def limits_of_token(request: HttpRequest) -> None:
    """Count a request for a secret, where it changes something: guessing 256 bits is hopeless, this is for load."""
    if request.method == "POST":
        limits.check((limits.TOKENS, limits.of_address(client_address(request))))


def token_page(request: HttpRequest, template: str, data: dict[str, object]) -> HttpResponse:
    """A page whose address is secret: it sends no path to anybody.

    Args:
        request: Of the visitor.
        template: Name of the page.
        data: What it shows.
    """
    response = render(request, template, data)
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_store=True)
    return response
