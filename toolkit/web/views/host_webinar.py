"""What a host does with one webinar beside the list of its registrations."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from toolkit.web.export import registrations_xlsx
from toolkit.web.forms import Nothing, WebhookForm
from toolkit.web.gate import consent, registering
from toolkit.web.gate.news import tell
from toolkit.web.jinja import spoken
from toolkit.web.models import Webinar
from toolkit.web.operations import audit, webhook
from toolkit.web.views.errors import bad_request
from toolkit.web.views.gate import UNPROCESSABLE
from toolkit.web.views.host import changed, host_only, own, registrations
from toolkit.web.writing import writing

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@host_only
def workbook(request: HttpRequest, slug: str) -> HttpResponse:
    """The registrations of a webinar as a workbook."""
    found = own(request, slug)
    response = HttpResponse(registrations_xlsx(registrations(found), found.questions), content_type=WORKBOOK)
    response["Content-Disposition"] = 'attachment; filename="registrations.xlsx"'
    audit.record(audit.actor(request), "export", slug)
    return response


@require_POST
@host_only
def erase(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete everything of a registration."""
    return changed(request, slug, registering.erase, "erase")


@require_POST
@host_only
def news(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell those who agreed to news of a webinar, once."""
    found = own(request, slug)
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    tell(found)
    audit.record(audit.actor(request), "news", slug)
    return redirect("host-webinar", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@host_only
def preferences(request: HttpRequest, slug: str) -> HttpResponse:
    """Where webhooks of a webinar go, and the form for the host's own site."""
    found, say = own(request, slug), spoken()
    form = WebhookForm(request.POST if request.method == "POST" else None, initial={"url": found.webhook})
    if request.method == "POST" and form.is_valid():
        _set_webhook(found, form.cleaned_data["url"])
        audit.record(audit.actor(request), "webhook", slug)
        return redirect("host-settings", slug)
    snippet = {
        "address": settings.PORTAL.base_url + reverse("join", args=[slug]),
        "privacy": settings.PORTAL.base_url + reverse("privacy"),
        "consent": consent.texts(say, settings.PORTAL.organiser),
        "texts": consent.fingerprint(say, settings.PORTAL.organiser),
        "origins": settings.PORTAL.form_origins,
    }
    data = {"webinar": found, "form": form, "snippet": snippet}
    return render(request, "host_settings.html", data, status=UNPROCESSABLE if form.errors else 200)


@writing
def _set_webhook(webinar: Webinar, url: str) -> None:
    secret = webinar.webhook_secret or webhook.new_secret()
    Webinar.objects.filter(id=webinar.id).update(webhook=url, webhook_secret=secret if url else "")
