"""The area of hosts."""

from __future__ import annotations

import threading
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from toolkit.web import hosts
from toolkit.web.forms import HostForm
from toolkit.web.gate import limits
from toolkit.web.jinja import spoken
from toolkit.web.middleware import client_address
from toolkit.web.views.errors import link_not_valid, too_many
from toolkit.web.views.gate import UNPROCESSABLE, limits_of_token, token_page
from toolkit.web.webinars import with_counts
from toolkit.web.words import moment

HASHING = threading.BoundedSemaphore(1)
"""A password takes 64 MiB and 0.3 s: one at a time, and whoever comes meanwhile comes again."""
MEANWHILE = 2


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Name and password of the first host."""
    limits_of_token(request)
    if not hosts.is_setup(secret):
        return link_not_valid(request)
    form = HostForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        response = token_page(request, "host_setup.html", {"form": form, "secret": secret})
        response.status_code = UNPROCESSABLE if request.method == "POST" else response.status_code
        return response
    with HASHING:
        host = hosts.make_first(secret, form.cleaned_data["username"], form.cleaned_data["password"])
    if host is None:
        return link_not_valid(request)
    login(request, host, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("host")


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class Login(LoginView):
    """Log in; Django hashes for unknown names too, and axes counts what fails."""

    template_name = "host_login.html"
    authentication_form = AuthenticationForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """One password at a time."""
        limits.check((limits.LOGIN_ADDRESS, limits.of_address(client_address(request))))
        if not HASHING.acquire(timeout=MEANWHILE):
            return too_many(request, MEANWHILE)
        try:
            return super().post(request, *args, **kwargs)
        finally:
            HASHING.release()


@require_safe
@login_required
def host(request: HttpRequest) -> HttpResponse:
    """Every webinar with its numbers."""
    return render(request, "host.html", {"listed": [(webinar, moment(webinar, spoken())) for webinar in with_counts()]})
