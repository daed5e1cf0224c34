"""The presenter's page: what all see, questions, polls, and who is there."""

from __future__ import annotations

import contextlib
import re
from typing import Any, cast

from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import user_has_device
from django_otp.middleware import OTPMiddleware

from toolkit.core.errors import SpecError
from toolkit.report.i18n.language import Language, mark
from toolkit.web import hosts, webinars
from toolkit.web.asgi.later import asked_at, is_again
from toolkit.web.demo.pool import current
from toolkit.web.demo.position import Start
from toolkit.web.demo.showing import shown, sliders
from toolkit.web.export import attendance_csv
from toolkit.web.forms import AnswerForm, EndForm, ModerationForm, NewPollForm, Nothing, PollForm, StateForm
from toolkit.web.gate import limits
from toolkit.web.jinja import spoken
from toolkit.web.middleware import Player
from toolkit.web.models import Host, Registration, Role, Webinar
from toolkit.web.operations import audit
from toolkit.web.room import attendance as attending
from toolkit.web.room import presenting, talking
from toolkit.web.room.figures import figures as figures_of
from toolkit.web.room.hub import Stream
from toolkit.web.room.models import Question
from toolkit.web.room.parts import host_polls_data, host_questions_data, of_state, part
from toolkit.web.room.presenting import Held, Over, State
from toolkit.web.sessions import SessionStore, digest
from toolkit.web.views.errors import held, not_found, not_taken, webinar_over
from toolkit.web.views.gate import UNPROCESSABLE
from toolkit.web.views.host import exported, of, of_own, posted
from toolkit.web.views.room import for_script, loading, started, streamed
from toolkit.web.writing import Busy

CONFLICT = 409
RATINGS = (mark("very much"), mark("yes"), mark("partly"), mark("hardly"), mark("no"))
"""Of the survey, from 5 to 1."""


@require_safe
@of(Role.MODERATOR)
def room(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """The page."""
    return redirect("host-webinar", webinar.slug) if webinar.cancelled_at else _page(request, webinar)


def _page(
    request: HttpRequest, webinar: Webinar, *, told: str = "", draft: NewPollForm | None = None, status: int = 200
) -> HttpResponse:
    say, found = spoken(), presenting.find(webinar)
    state = presenting.stored(found.state)
    try:
        at = started(webinar, found, f"host {request.user.pk}", first=True)
    except Busy:
        return loading(request, webinar, reverse("host-room", args=[webinar.slug]))
    start, state = at.start, state or State(at.start.position, at.outcome)
    player = Player.of(webinar.player)
    data = {
        "webinar": webinar,
        "player": player,
        "told": told,
        "draft": draft,
        "driver": presenting.holder(found, ""),
        "present": attending.present(webinar.id),
        **host_polls_data(webinar),
        **host_questions_data(webinar),
        **of_state(state, say),
        **_controls(start, state, say),
    }
    return player.on(render(request, "room/presenter.html", data, status=status))


def _controls(start: Start, state: State, say: Language) -> dict[str, Any]:
    sections = {"demo": say.words("Demo"), "poll": say.words("Poll"), "questions": say.words("Questions")}
    figures = of_state(state, say).get("figures", [])
    assets = [(one.asset, say.term("name", one.name)) for one in state.outcome.holdings]
    return {
        "sliders": sliders(start, state.position, say),
        "sections": [(name, sections[name]) for name in presenting.SECTIONS],
        "pointers": [*((key, label) for key, label, *_ in figures), *assets],
    }


@require_safe
@of(Role.MODERATOR)
def live(request: HttpRequest, webinar: Webinar) -> HttpResponseBase:
    """The stream of the page."""
    key = request.session.session_key
    return streamed(request, Stream(webinar.id, spoken().code, "host", holds=lambda: _holds(key, webinar)))


def _holds(key: str | None, webinar: Webinar) -> bool:
    """Whether a host is logged in still, with a one-time password where that is set up, and has a role in the webinar."""
    request = HttpRequest()
    request.session = SessionStore(key)
    request.user = get_user(request)
    OTPMiddleware(lambda _: HttpResponse())(request)
    user: Any = request.user
    if not user.is_authenticated or not (user.is_verified() or not user_has_device(user)):
        return False
    return bool(hosts.role(webinar, user))


@posted(StateForm)
def drive(request: HttpRequest, webinar: Webinar, form: StateForm) -> HttpResponse:
    """Show a position to all: the answer for the script, the page for the button."""
    host, asked, session = cast("Host", request.user), asked_at(), digest(request.session.session_key)
    if not is_again():
        limits.check((limits.SOLVES[0], f"host {host.pk}"))
    if webinar.is_over or presenting.holder(presenting.find(webinar), session):
        return _not_shown(request, webinar)
    position = form.position(webinar.strategy)
    outcome = current().solve(position, f"host {host.pk}", first=True)
    state = State(position, outcome, form.cleaned_data["section"], form.cleaned_data["pointer"])
    try:
        presenting.drive(webinar, host, session, state, asked)
    except (Held, Over):
        webinar.refresh_from_db()
        return _not_shown(request, webinar)
    if not for_script(request):
        return redirect("host-room", webinar.slug)
    data = {**shown(outcome, position, spoken()), "section": state.section, "pointer": state.pointer}
    return render(request, "room/result.html", data)


def _not_shown(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """409: the webinar is over, or somebody else drives."""
    if for_script(request):
        return (webinar_over if webinar.is_over else held)(request)
    told = "" if webinar.is_over else spoken().words("Somebody else presents: take over first.")
    return _page(request, webinar, told=told, status=CONFLICT)


@posted(Nothing)
def take(request: HttpRequest, webinar: Webinar, form: Nothing) -> HttpResponse:  # noqa: ARG001  # as all
    """Become the driver."""
    host = cast("Host", request.user)
    presenting.take(webinar, host, digest(request.session.session_key))
    return _changed(request, webinar, "driver", {"driver": host.username})


@posted(EndForm)
def end(request: HttpRequest, webinar: Webinar, form: EndForm) -> HttpResponse:
    """Lengthen the webinar, or end it now; where neither can be, the page says how it stands."""
    with contextlib.suppress(SpecError):
        webinars.move_end(webinar, form.cleaned_data["minutes"], actor=audit.actor(request))
    webinar.refresh_from_db()
    return _changed(request, webinar, "end", {"webinar": webinar})


@posted(ModerationForm, Role.MODERATOR)
def moderate(request: HttpRequest, webinar: Webinar, form: ModerationForm) -> HttpResponse:
    """Change who sees a question, or whether new ones wait."""
    ((name, value),) = form.cleaned_data.items()
    if name == "moderated":
        talking.set_moderation(webinar, value == "yes")
    elif not talking.moderate(webinar, value, name):
        return not_found(request)
    return _changed(request, webinar, "host_questions", host_questions_data(webinar))


@require_http_methods(["GET", "HEAD", "POST"])
@of(Role.MODERATOR)
def answer(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """An answer in writing: a page of its own, since what is typed beside the questions would go when one comes."""
    form = AnswerForm(request.POST or None, initial={"question": request.GET.get("question")})
    given = form.data.get("question", "") if form.is_bound else request.GET.get("question", "")
    found = Question.objects.filter(webinar=webinar, id=given).first() if re.fullmatch("[0-9]{1,18}", given) else None
    if found is None:
        return not_found(request)
    if form.is_bound and form.is_valid():
        talking.answer(webinar, found.id, form.cleaned_data["text"], to_all=form.cleaned_data["to_all"])
        return redirect("host-room", webinar.slug)
    data = {"webinar": webinar, "form": form, "question": found}
    return render(request, "host_answer.html", data, status=UNPROCESSABLE if form.errors else 200)


@require_POST
@of(Role.MODERATOR)
def new_poll(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """Make a poll; where it is none, the page again with what was written."""
    form = NewPollForm(request.POST)
    if not form.is_valid():
        return not_taken(request, form) if for_script(request) else _page(request, webinar, draft=form, status=400)
    talking.make_poll(webinar, form.cleaned_data["text"], form.cleaned_data["choices"])
    return _changed(request, webinar, "host_polls", host_polls_data(webinar))


@posted(PollForm, Role.MODERATOR)
def poll(request: HttpRequest, webinar: Webinar, form: PollForm) -> HttpResponse:
    """Open a poll, close it, or delete one without votes."""
    ((name, value),) = form.cleaned_data.items()
    if name == "open" and webinar.is_over:
        return webinar_over(request)
    if not {"open": talking.open_poll, "close": talking.close_poll, "delete": talking.delete_poll}[name](webinar, value):
        return not_found(request)
    return _changed(request, webinar, "host_polls", host_polls_data(webinar))


def _changed(request: HttpRequest, webinar: Webinar, name: str, data: dict[str, Any]) -> HttpResponse:
    if not for_script(request):
        return redirect("host-room", webinar.slug)
    return HttpResponse(part(name, spoken(), **data))


@require_safe
@of_own
def attendance(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """Who was there, and when."""
    there, seated = attending.attendance(webinar), Registration.State.CONFIRMED
    data = {
        "webinar": webinar,
        "rows": [
            (one, ", ".join(f"{webinar.local(a):%H:%M}–{webinar.local(b):%H:%M}" for a, b in one.intervals)) for one in there
        ],
        "with_seat": sum(one.registration.state == seated for one in there),
        "seats": Registration.objects.filter(webinar=webinar, state=seated).count(),
    }
    return render(request, "room/attendance.html", data)


@require_safe
@of_own
def attendance_file(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """The same as CSV."""
    return exported(request, webinar, attendance_csv(attending.attendance(webinar), webinar), "attendance.csv")


@require_safe
@of_own
def figures(request: HttpRequest, webinar: Webinar) -> HttpResponse:
    """What a host learns from a webinar."""
    say, found, polls = spoken(), figures_of(webinar), host_polls_data(webinar)["polls"]
    steps = (
        say.words("Registered"),
        say.words("Address confirmed"),
        say.words("Has a seat"),
        say.words("Were there"),
        say.words("Were there in the last five minutes"),
        say.words("Answered the survey"),
    )
    rated = dict(zip("54321", map(say.words, RATINGS), strict=True))
    data = {
        "webinar": webinar,
        "figures": found,
        "funnel": list(zip(steps, found.funnel, strict=True)),
        "ratings": [(rated[n], count) for n, count in found.ratings],
        "polls": [{**one, "counted": [(choice.text, choice.votes) for choice in one["choices"]]} for one in polls],
    }
    return render(request, "host_figures.html", data)
