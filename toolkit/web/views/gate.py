"""From the form to the room. A GET shows a button and changes nothing: mail scanners follow links."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from toolkit.web.export import everything_of
from toolkit.web.forms import AGAIN, EmailForm, JoinForm, Nothing, SignUpForm, SurveyForm, WhoForm, stamp
from toolkit.web.gate import consent, limits, mail, registering, tokens
from toolkit.web.jinja import spoken
from toolkit.web.middleware import client_address, machine
from toolkit.web.models import Registration, Webinar
from toolkit.web.operations import audit
from toolkit.web.room.certificate import attended, certificate_pdf
from toolkit.web.views.errors import address_taken, bad_request, forbidden, link_not_valid
from toolkit.web.views.public import webinar_page
from toolkit.web.writing import together

log = structlog.get_logger("gate")
Linked = Callable[[HttpRequest, Registration], HttpResponse]
UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Store a sign-up; the answer is the same for every address."""
    webinar = get_object_or_404(Webinar, slug=slug)
    form = SignUpForm(request.POST, questions=webinar.questions)
    if (webinar.is_over and not webinar.gives_replay) or not form.is_valid():
        return _again(request, webinar, form)
    return _store(request, webinar, form, shown_at=request.path)


def _again(request: HttpRequest, webinar: Webinar, form: SignUpForm) -> HttpResponse:
    """The form once more, with what is wrong in it, or that the webinar is over."""
    address = client_address(request)
    limits.check((limits.REFUSED_ADDRESS, limits.of_address(address)), (limits.REFUSED_NETWORK, limits.of_network(address)))
    form.data = form.data.copy()  # type: ignore[union-attr]
    form.data["started"] = stamp(AGAIN)  # type: ignore[index]
    return webinar_page(request, webinar, form, UNPROCESSABLE)


def _limits(request: HttpRequest) -> list[tuple[limits.Limit, str]]:
    address = client_address(request)
    counted = [(limit, limits.of_address(address)) for limit in limits.REGISTER_ADDRESS]
    return [*counted, (limits.REGISTER_NETWORK, limits.of_network(address))]


def _store(request: HttpRequest, webinar: Webinar, form: SignUpForm, *, shown_at: str) -> HttpResponse:
    say, given = spoken(), form.cleaned_data
    new = Registration(
        webinar=webinar,
        email=given["email"].lower(),
        name=given["name"],
        company=given["company"],
        language=say.code,
        source="" if given["source"] == mail.IMPORT else given["source"],
        answers=form.answers(),
    )
    shown = consent.texts(say, settings.PORTAL.organiser, replay=webinar.gives_replay)
    if seconds := _admit(new, _limits(request), form, shown, shown_at):
        raise limits.TooMany(seconds)
    return redirect("sent", webinar.slug)


@together
def _admit(
    new: Registration, counted: list[tuple[limits.Limit, str]], form: SignUpForm, shown: dict[str, str], shown_at: str
) -> int:
    """Count a sign-up and store it; seconds to wait where a limit is exceeded, else 0: an error would undo the count."""
    seconds = limits.exceeded(counted)
    if not seconds:
        refused = _mailed_enough(new.email) or form.is_of_a_robot
        registering.register(new, shown, marketing=form.cleaned_data["marketing"], shown_at=shown_at, refused=refused)
    return seconds


@machine
@csrf_exempt
@require_POST
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Store a sign-up from a form on a site that the settings name.

    It needs no token of a page: no cookie is read, so that nobody's session can be used, and it does what anybody may do by
    hand, send one mail with a link to an address; nothing comes of it without that link.
    """
    webinar = get_object_or_404(Webinar, slug=slug)
    origin = request.headers.get("Origin", "")
    if origin not in settings.PORTAL.form_origins:
        return forbidden(request)
    code = request.POST.get("language", "")
    with translation.override(code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
        form = JoinForm(request.POST, questions=webinar.questions)
        told = consent.fingerprint(spoken(), settings.PORTAL.organiser)
        if webinar.is_over or not form.is_valid() or form.cleaned_data["texts"] != told:
            # What that site shows is not what is asked here today: the visitor goes on with the form of this page.
            kept = QueryDict(mutable=True)
            kept.update({name: request.POST.get(name, "") for name in ("name", "email", "company", "source")})
            response = _again(request, webinar, SignUpForm(kept, questions=webinar.questions))
        else:
            response = _store(request, webinar, form, shown_at=origin)
        # The pages that follow are in the language of the form that led here.
        name, same_site = settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_COOKIE_SAMESITE
        response.set_cookie(name, spoken().code, secure=settings.LANGUAGE_COOKIE_SECURE, httponly=True, samesite=same_site)
        return response


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
        data = {"webinar": webinar, "new": token.email}
        return redirect("webinar", webinar.slug) if webinar.cancelled_at else token_page(request, "confirm.html", data)
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    outcome, registration = registering.confirm(secret)
    if registration is None or outcome == "taken":
        return (link_not_valid if registration is None else address_taken)(request)
    if outcome == "expired":
        return token_page(request, "expired.html", {"webinar": registration.webinar, "again_form": EmailForm()})
    return redirect("webinar" if outcome == "webinar_cancelled" else "confirmed", registration.webinar.slug)


@require_safe
def confirmed(request: HttpRequest, slug: str) -> HttpResponse:
    """The next mail says whether there is a seat; this page is the same for all."""
    return render(request, "confirmed.html", {"webinar": get_object_or_404(Webinar, slug=slug)})


def by_link(
    find: Callable[[str], Registration | None], *, form: bool = False
) -> Callable[[Linked], Callable[[HttpRequest, str], HttpResponse]]:
    """The view of the registration that a personal link is of.

    Args:
        find: The registration of a secret.
        form: Whether more than a button is posted, which the view looks at.
    """

    def decorated(view: Linked) -> Callable[[HttpRequest, str], HttpResponse]:
        @functools.wraps(view)
        def followed(request: HttpRequest, secret: str) -> HttpResponse:
            limits_of_token(request)
            registration = find(secret)
            if registration is None:
                return link_not_valid(request)
            if request.method == "POST" and not form and not Nothing(request.POST).is_valid():
                return bad_request(request)
            return view(request, registration)

        return followed

    return decorated


of_me = by_link(functools.partial(tokens.follow, salt=tokens.ME))


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(registering.enter)
def enter(request: HttpRequest, registration: Registration) -> HttpResponse:
    """A button that exchanges a personal link for a session."""
    if registration.webinar.cancelled_at:
        return redirect("webinar", registration.webinar.slug)
    if request.method != "POST":
        return token_page(request, "enter.html", {"webinar": registration.webinar})
    request.session.flush()
    request.session["registration"] = str(registration.id)
    request.session.save()
    registering.end_oldest_sessions(registration)
    log.info("room.entered", registration=str(registration.id))
    return redirect("replay" if registration.webinar.is_over else "room")


@require_http_methods(["GET", "HEAD", "POST"])
@of_me
def me(request: HttpRequest, registration: Registration) -> HttpResponse:
    """One's own registration, with a button that cancels it."""
    if request.method == "POST":
        registering.cancel(registration)
        return token_page(request, "cancelled.html", {"webinar": registration.webinar})
    return _me(request, registration, WhoForm(initial=vars(registration)))


def _me(request: HttpRequest, registration: Registration, form: WhoForm, told: str = "") -> HttpResponse:
    webinar, consents = registration.webinar, registration.consents.select_related("text")  # type: ignore[attr-defined]
    data = {
        "registration": registration,
        "form": form,
        "told": told,
        "holds": registration.state in registering.TOLD and not webinar.is_over,
        "webinar": webinar,
        "consents": consents,
        "living": registration.state in registering.LIVING and not webinar.is_over,
        "news": any(one.given and not one.withdrawn and one.text.purpose == consent.MARKETING for one in consents),
        "unsubscribe": tokens.link(registration, tokens.UNSUBSCRIBE),
        "certified": attended(registration) is not None,
    }
    response = token_page(request, "me.html", data)
    response.status_code = UNPROCESSABLE if form.errors else response.status_code
    return response


@require_POST
@by_link(functools.partial(tokens.follow, salt=tokens.ME), form=True)
def correct(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Another name, or another address once it is confirmed by a mail to it."""
    form = WhoForm(request.POST)
    if registration.state not in registering.TOLD or registration.webinar.is_over:
        return bad_request(request)
    if not form.is_valid():
        return _me(request, registration, form)
    given, say = form.cleaned_data, spoken().words
    limits.check(*_limits(request))
    email = given["email"].lower()
    refused = email != registration.email and _mailed_enough(email)
    asked = registering.correct(registration, email, refused=refused, name=given["name"], company=given["company"])
    told = (
        say("A mail to the new address asks to confirm it. Until then the former one holds.")
        if asked
        else say("It is changed.")
    )
    registration.refresh_from_db()
    return _me(request, registration, WhoForm(initial=vars(registration)), told)


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(functools.partial(tokens.follow, salt=tokens.SURVEY), form=True)
def survey(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Two questions after a webinar; who answers again replaces the answer."""
    if not registration.webinar.is_open:
        return link_not_valid(request)
    form = SurveyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        registering.answer_survey(registration, **form.cleaned_data)
    done = form.is_bound and not form.errors
    response = token_page(request, "survey.html", {"webinar": registration.webinar, "form": form, "done": done})
    response.status_code = UNPROCESSABLE if form.errors else response.status_code
    return response


@require_safe
@of_me
def my_data(request: HttpRequest, registration: Registration) -> HttpResponse:  # noqa: ARG001  # as all
    """Everything that is stored of one's own registration, as JSON."""
    content = json.dumps(everything_of(registration), ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": 'attachment; filename="registration.json"', "Referrer-Policy": "strict-origin"}
    return HttpResponse(content + "\n", content_type="application/json; charset=utf-8", headers=headers)


@require_safe
@of_me
def certificate(request: HttpRequest, registration: Registration) -> HttpResponse:
    """A certificate of attendance as PDF, for who was there for half of the planned time."""
    minutes = attended(registration)
    if minutes is None:
        return link_not_valid(request)
    limits.check((limits.CERTIFICATES, str(registration.id)))
    content = certificate_pdf(registration, minutes, spoken())
    headers = {"Content-Disposition": 'attachment; filename="certificate.pdf"', "Referrer-Policy": "strict-origin"}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_POST
@of_me
def erase(request: HttpRequest, registration: Registration) -> HttpResponse:
    """Delete one's own registration."""
    registering.erase(registration)
    audit.record(audit.VISITOR, "erase", registration.id)
    return token_page(request, "erased.html", {"webinar": registration.webinar})


@machine
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, secret: str) -> HttpResponse:
    """End news: by a button, or by one post of a mail program without cookie or token (RFC 8058); twice is once.

    It has no limit: a large provider of mail posts for many from few addresses.
    """
    named = tokens.read(secret, tokens.UNSUBSCRIBE)
    if named is None:
        return link_not_valid(request)
    if request.method == "POST":
        registering.withdraw(named[0])
        return token_page(request, "unsubscribed.html", {})
    return token_page(request, "unsubscribe.html", {})


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
    secret = request.resolver_match.kwargs["secret"] if request.resolver_match else ""
    response = render(request, template, {**data, "secret": secret})
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_store=True)
    return response
