"""What a host does with one webinar beside the list of its registrations."""

from __future__ import annotations

import contextlib
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from toolkit.core.errors import SpecError, ToolkitError
from toolkit.core.messages import retellable
from toolkit.report.i18n.text import plain
from toolkit.web import hosts, webinars
from toolkit.web.demo.pool import current
from toolkit.web.demo.showing import gap_told
from toolkit.web.forms import (
    AssignmentForm,
    BrandForm,
    ChangeForm,
    HandoutForm,
    ImportForm,
    MailsForm,
    NewForm,
    Nothing,
    PlayerForm,
    RegistrationForm,
    TokenForm,
    WebhookForm,
    WhoForm,
)
from toolkit.web.gate import branding, consent, registering, tokens
from toolkit.web.gate.mail import IMPORT, letter
from toolkit.web.gate.news import tell
from toolkit.web.jinja import spoken
from toolkit.web.middleware import Player
from toolkit.web.models import Assignment, Host, Outbox, Registration, Role, Token, Webinar
from toolkit.web.operations import audit, webhook
from toolkit.web.operations.records import READABLE
from toolkit.web.views.errors import not_found
from toolkit.web.views.gate import UNPROCESSABLE
from toolkit.web.views.host import host_only, of, of_own, posted
from toolkit.web.views.room import loading
from toolkit.web.words import language
from toolkit.web.writing import Busy, writing


@posted(Nothing)
def news(request: HttpRequest, webinar: Webinar, form: Nothing) -> HttpResponse:  # noqa: ARG001  # as all
    """Tell those who agreed to news of a webinar, once."""
    tell(webinar)
    audit.record(audit.actor(request), "news", webinar.slug)
    return redirect("host-webinar", webinar.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def change(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Another time, more seats, other words: fields that stay as they are change nothing; and a button that cancels."""
    words = {name: getattr(found, name) for name in ("title", "description", "minutes", "capacity", "approval")}
    initial = {**words, "starts": f"{found.local_start:%Y-%m-%dT%H:%M}"}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        new = {name: form.cleaned_data[name] for name in form.changed_data}
        try:
            webinars.change(found, **new, actor=audit.actor(request))
            return redirect("host-webinar", found.slug)
        except SpecError as error:
            form.add_error(None, plain(spoken().translate(retellable(error.message))))
    told = Registration.objects.filter(webinar=found, state__in=registering.TOLD).count()
    data = {"webinar": found, "form": form, "told": told, "deletable": webinars.can_be_deleted(found)}
    return render(request, "host_change.html", data, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@host_only
def new(request: HttpRequest) -> HttpResponse:
    """A new webinar of this host; its demo is tried next."""
    form = NewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        host, given = cast("Host", request.user), dict(form.cleaned_data)
        try:
            found = webinars.announce(given.pop("starts"), **given, host=host.username, actor=audit.actor(request))
            return redirect("host-trial" if settings.PORTAL.demo else "host-webinar", found[0].slug)
        except SpecError as error:
            form.add_error(None, plain(spoken().translate(retellable(error.message))))
    return render(request, "host_new.html", {"form": form}, status=UNPROCESSABLE if form.errors else 200)


@require_safe
@of_own
def trial(request: HttpRequest, found: Webinar) -> HttpResponse:
    """What visitors of the demo would miss over the ranges of its sliders."""
    say = spoken()
    try:
        gaps = current().trial(found.strategy)
        start = current().start(found.strategy)
        told = [gap_told(gap, start, say) for gap in gaps]
    except Busy:
        told = say.words("The demo is tried over its sliders, which takes half a minute. This page comes again by itself.")
        return loading(request, found, reverse("host-trial", args=[found.slug]), told=told)
    except ToolkitError as error:
        told = [plain(say.translate(retellable(error.message)))]
    return render(request, "host_trial.html", {"webinar": found, "gaps": told})


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def player(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Where voice and picture come from, as attendees see them, and how long the replay is given."""
    form = PlayerForm(
        request.POST if request.method == "POST" else None, initial={"url": found.player, "replay_days": found.replay_days}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        webinars.set_player(found, given["url"], given["replay_days"], actor=audit.actor(request))
        return redirect("host-player", found.slug)
    shown = Player.of(found.player)
    data = {"webinar": found, "form": form, "player": shown, "origins": settings.PORTAL.players}
    return shown.on(render(request, "host_player.html", data, status=UNPROCESSABLE if form.errors else 200))


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def brand(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Colour, logo, speaker, and the name that mails come from."""
    form = BrandForm(*_sent(request), initial={**vars(found), "colour": found.colour or branding.COLOUR})
    if form.is_bound and form.is_valid():
        webinars.set_brand(found, form.cleaned_data, actor=audit.actor(request))
        return redirect("host-brand", found.slug)
    return render(request, "host_brand.html", {"webinar": found, "form": form}, status=UNPROCESSABLE if form.errors else 200)


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    """Fields and files of a form that was sent."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def mails(request: HttpRequest, found: Webinar) -> HttpResponse:
    """The host's own words in the mails of one language, each as it would be sent, and whether mails follow the webinar."""
    say = spoken()
    told = language(code) if (code := request.GET.get("of")) in dict(settings.LANGUAGES) else say
    form = MailsForm(request.POST or None, found, told.code)
    if form.is_bound and form.is_valid():
        found.mails, found.follow_up = {**found.mails, told.code: form.mails()}, form.cleaned_data["follow_up"]
        if not form.cleaned_data["preview"]:
            webinars.set_mails(found, actor=audit.actor(request))
            return redirect(f"{reverse('host-mails', args=[found.slug])}?of={told.code}")
    names = {
        "link": say.words("With the seat"),
        "day": say.words("A day before"),
        "hour": say.words("An hour before"),
        "minutes": say.words("Five minutes before"),
        "thanks": say.words("Afterwards, to those who were there"),
        "missed": say.words("Afterwards, to those who were not"),
    }
    nobody = Registration(webinar=found, email="name@example.com")
    shown = [(kind, words, letter(Outbox(kind=kind), nobody, told)) for kind, words in names.items()]
    data = {
        "webinar": found,
        "form": form,
        "shown": shown,
        "sender": found.sender or settings.PORTAL.organiser,
        "of": told.code,
    }
    return render(request, "host_mails.html", data, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def people(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Registrations from a file: each gets the mail that confirms its address."""
    form, say = ImportForm(*_sent(request)), spoken()
    if form.is_bound and form.is_valid() and not found.is_over:
        shown = consent.texts(say, settings.PORTAL.organiser)
        new = [
            Registration(webinar=found, language=say.code, source=IMPORT, **{**row, "email": row["email"].lower()})
            for row in form.cleaned_data["file"]
        ]
        registering.import_registrations(new, shown, request.path)
        audit.record(audit.actor(request), "import", found.slug)
        return redirect("host-webinar", found.slug)
    return render(request, "host_people.html", {"webinar": found, "form": form}, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def correct(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Another name or company of a registration at once; another address once it is confirmed by the mail that goes there."""
    chosen = RegistrationForm(request.GET)
    one = None
    if chosen.is_valid():
        living = Registration.objects.filter(webinar=found, state__in=registering.TOLD)
        one = living.filter(id=chosen.cleaned_data["registration"]).first()
    if one is None:
        return not_found(request)
    form = WhoForm(request.POST or None, initial=vars(one))
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        email, words = given.pop("email").lower(), {name: given[name] for name in ("name", "company")}
        registering.correct(one, email, refused=False, actor=audit.actor(request), **words)
        return redirect("host-webinar", found.slug)
    data = {"webinar": found, "form": form, "one": one}
    return render(request, "host_correct.html", data, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def handouts(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Files for attendees."""
    form = HandoutForm(*_sent(request))
    if form.is_bound and form.is_valid():
        if webinars.change_handouts(found, form.cleaned_data["file"], form.cleaned_data["remove"], actor=audit.actor(request)):
            return redirect("host-handouts", found.slug)
        form.add_error("file", spoken().words("There are ten handouts: take one away first."))
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "host_handouts.html", {"webinar": found, "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@of(Role.OWNER)
def helpers(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Co-hosts and moderators: hosts by their name, and new ones by a link that is shown once."""
    form, link = AssignmentForm(request.POST or None, webinar=found), ""
    if form.is_bound and form.is_valid():
        host, role = form.cleaned_data["host"], form.cleaned_data["role"]
        if host is not None:
            hosts.help_with(found, host, role, actor=audit.actor(request))
            return redirect("host-helpers", found.slug)
        link = hosts.invitation(found, role)
        audit.record(audit.actor(request), "invitation", found.slug)
    people = Assignment.objects.filter(webinar=found).select_related("host").order_by("host__username")
    data = {"webinar": found, "form": form, "people": people, "link": link}
    return render(request, "host_helpers.html", data, status=UNPROCESSABLE if form.errors else 200)


@posted(Nothing, Role.OWNER)
def cancel(request: HttpRequest, webinar: Webinar, form: Nothing) -> HttpResponse:  # noqa: ARG001  # as all
    """Cancel a webinar; of one that is over nothing changes, as its page says."""
    with contextlib.suppress(SpecError):
        webinars.cancel(webinar, actor=audit.actor(request))
    return redirect("host-webinar", webinar.slug)


@posted(Nothing, Role.OWNER)
def delete(request: HttpRequest, webinar: Webinar, form: Nothing) -> HttpResponse:  # noqa: ARG001  # as all
    """Delete a webinar for which nobody has registered; of another one nothing changes."""
    return redirect("host") if webinars.delete(webinar, actor=audit.actor(request)) else redirect("host-change", webinar.slug)


@posted(TokenForm)
def token(request: HttpRequest, webinar: Webinar, form: TokenForm) -> HttpResponse:
    """A new token that reads a webinar, shown once; or the end of all."""
    audit.record(audit.actor(request), "tokens ended" if form.cleaned_data["end"] else "token", webinar.slug)
    if form.cleaned_data["end"]:
        Token.objects.filter(webinar=webinar, purpose="api").delete()
        return redirect("host-settings", webinar.slug)
    secret = tokens.mint("api", tokens.READING, webinar=webinar)
    return _preferences(request, webinar, WebhookForm(initial={"url": webinar.webhook}), secret)


@require_http_methods(["GET", "HEAD", "POST"])
@of_own
def preferences(request: HttpRequest, found: Webinar) -> HttpResponse:
    """Where webhooks of a webinar go, tokens that read it, and the form for the host's own site."""
    slug = found.slug
    form = WebhookForm(request.POST if request.method == "POST" else None, initial={"url": found.webhook})
    if request.method == "POST" and form.is_valid():
        _set_webhook(found, form.cleaned_data["url"])
        audit.record(audit.actor(request), "webhook", slug)
        return redirect("host-settings", slug)
    return _preferences(request, found, form)


def _preferences(request: HttpRequest, found: Webinar, form: WebhookForm, secret: str = "") -> HttpResponse:
    say, slug = spoken(), found.slug
    snippet = {
        "address": settings.PORTAL.base_url + reverse("join", args=[slug]),
        "privacy": settings.PORTAL.base_url + reverse("privacy"),
        "consent": consent.texts(say, settings.PORTAL.organiser),
        "texts": consent.fingerprint(say, settings.PORTAL.organiser),
        "origins": settings.PORTAL.form_origins,
    }
    held = Token.objects.filter(webinar=found, purpose="api", expires__gt=timezone.now()).count()
    api = {"address": f"{settings.PORTAL.base_url}/api/{slug}/", "kinds": READABLE, "held": held, "secret": secret}
    data = {"webinar": found, "form": form, "snippet": snippet, "api": api}
    return render(request, "host_settings.html", data, status=UNPROCESSABLE if form.errors else 200)


@writing
def _set_webhook(webinar: Webinar, url: str) -> None:
    secret = webinar.webhook_secret or webhook.new_secret()
    Webinar.objects.filter(id=webinar.id).update(webhook=url, webhook_secret=secret if url else "")
