"""The room, for those who have a seat: waiting, the demo, what the presenter shows, and the replay."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from toolkit.web.asgi.later import is_again
from toolkit.web.demo.pool import current
from toolkit.web.demo.position import Position
from toolkit.web.demo.showing import settings_of, shown, sliders
from toolkit.web.forms import Nothing, PositionForm, QuestionForm, ReportForm, Strict, UpvoteForm, VoteForm
from toolkit.web.gate import limits, tokens
from toolkit.web.jinja import spoken
from toolkit.web.middleware import Player
from toolkit.web.models import File, Registration, Webinar
from toolkit.web.room import attendance, presenting, talking
from toolkit.web.room.hub import Stream, hub
from toolkit.web.room.models import Ballot, Question, Room, Upvote
from toolkit.web.room.parts import of_state, part, poll_data, questions_data
from toolkit.web.room.presenting import Kept
from toolkit.web.room.replay import gaps, moment_data, steps
from toolkit.web.sessions import digest
from toolkit.web.views.errors import bad_request, forbidden, not_found, not_taken, waits, webinar_over
from toolkit.web.writing import Busy

LONGEST_STEP = 4.0
"""Seconds that a step of the replay lasts at most."""
P = ParamSpec("P")
F = TypeVar("F", bound=Strict)
Sent = Callable[[HttpRequest, Registration, F], HttpResponseBase]
Gated = Callable[Concatenate[HttpRequest, Registration, P], HttpResponseBase]


def attendee(request: HttpRequest) -> Registration | None:
    """Whose session this is, with the webinar: one query for session, registration and webinar."""
    key, now = request.session.session_key, timezone.now()
    if key is None:
        return None
    holds = {"session__session_key": digest(key), "session__expire_date__gt": now, "state__in": Registration.ENTERS}
    found = next(iter(Registration.objects.select_related("webinar").filter(**holds)), None)
    return found if found is not None and tokens.held_until(found.webinar) > now else None


def gated(view: Gated[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """The view for attendees alone; others are told to use their personal link."""

    @functools.wraps(view)
    def entered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        registration = attendee(request)
        if registration is None:
            return render(request, "locked.html", {}, status=401)
        response = view(request, registration, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    return entered


def sent(
    kind: type[F], *counted: limits.Limit, afterwards: bool = False
) -> Callable[[Sent[F]], Callable[[HttpRequest], HttpResponseBase]]:
    """The view for attendees who send a form: 400 for what is not taken, 409 after the end, 429 beyond their limits.

    Args:
        kind: The form.
        counted: Limits.
        afterwards: Whether it is taken after the end too.
    """

    def decorated(view: Sent[F]) -> Callable[[HttpRequest], HttpResponseBase]:
        @require_POST
        @gated
        @functools.wraps(view)
        def taken(request: HttpRequest, registration: Registration) -> HttpResponseBase:
            form, webinar = kind(request.POST), registration.webinar
            if not webinar.is_open:
                return bad_request(request)
            if webinar.is_over and not afterwards:
                return webinar_over(request)
            is_page = isinstance(form, (QuestionForm, VoteForm)) and not for_script(request)
            if not form.is_valid():
                return _room(request, registration, None, refused=form) if is_page else not_taken(request, form)
            try:
                if not is_again():
                    limits.check(*((one, str(registration.id)) for one in counted))
            except limits.TooMany as error:
                if not is_page:
                    raise
                form.add_error(None, waits(error.seconds))
                return _room(request, registration, None, refused=form, status=429)
            if not for_script(request):
                attendance.mark(registration)
            return view(request, registration, form)

        return taken

    return decorated


@require_safe
@gated
def room(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The waiting room until the webinar starts, then the room."""
    webinar = registration.webinar
    if webinar.cancelled_at:
        return redirect("webinar", webinar.slug)
    if not webinar.is_open:
        with contextlib.suppress(Busy):  # who waits is counted when there is time
            attendance.mark(registration)
        left = max(webinar.starts - timezone.now(), timedelta(0))
        return render(request, "waiting.html", {"webinar": webinar, "left": left})
    return _room(request, registration, None)


@require_safe
@gated
@xframe_options_sameorigin
def here(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The frame of a room without a script: it comes again by itself, and keeps that its visitor is there."""
    if registration.webinar.is_open and not registration.webinar.is_over:
        attendance.mark(registration)
    return render(request, "here.html", {})


@sent(PositionForm, *limits.SOLVES, afterwards=True)
def solve(request: HttpRequest, registration: Registration, form: PositionForm) -> HttpResponse:
    """The answer at a position: a part of the page for its script, the whole page for its button."""
    position = form.position(registration.webinar.strategy)
    if not for_script(request):
        return _room(request, registration, position)
    outcome = current().solve(position, str(registration.id))
    return render(request, "room/result.html", shown(outcome, position, spoken()))


@sent(ReportForm, limits.REPORTS, afterwards=True)
def report(request: HttpRequest, registration: Registration, form: ReportForm) -> HttpResponse:  # noqa: ARG001  # as all
    """The report at a position, to take home: one file that needs no network and no script."""
    kind = form.cleaned_data["format"] or "html"
    position = form.position(registration.webinar.strategy)
    content = current().report(position, str(registration.id), spoken().code, kind)
    media = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}[kind]
    return HttpResponse(content, content_type=media, headers={"Content-Disposition": f'attachment; filename="report.{kind}"'})


@require_safe
@gated
def live(request: HttpRequest, registration: Registration) -> HttpResponseBase:
    """The stream of the room."""
    if not registration.webinar.is_open:
        return not_found(request)
    limits.check((limits.STREAMS, str(registration.id)))
    session = digest(request.session.session_key)
    return streamed(
        request,
        Stream(registration.webinar_id, spoken().code, "attendee", session=session, registration=registration.id),
    )


@require_safe
@gated
def replay(request: HttpRequest, registration: Registration) -> HttpResponse:
    """A step of what was shown, once the webinar is over: the page, or for its script the step alone."""
    webinar, say = registration.webinar, spoken()
    if not webinar.is_over or webinar.cancelled_at:
        return not_found(request)
    found = steps(webinar)
    asked = request.GET.get("at", "1")
    at = min(max(int(asked), 1), len(found)) if re.fullmatch("[0-9]{1,9}", asked) else 1
    data = {"webinar": webinar, "count": len(found), "at": at}
    if found:
        data |= moment_data(webinar, found[at - 1], say)
        data["inputs"] = [] if data["outcome"] is None else settings_of(data["position"], data["outcome"].currency, say)
    if for_script(request):
        return render(request, "room/moment.html", data)
    seconds = " ".join(f"{min(gap, LONGEST_STEP):.1f}" for gap in gaps(found))
    return render(request, "room/replay.html", {**data, "seconds": seconds})


def for_script(request: HttpRequest) -> bool:
    """Whether a part of the page is asked for, by its script."""
    return request.headers.get("HX-Request") == "true"


def streamed(request: HttpRequest, stream: Stream) -> HttpResponseBase:
    """The answer that stays open, unless another site asks for it or there are too many."""
    if request.headers.get("Sec-Fetch-Site", "") in ("cross-site", "same-site"):
        return forbidden(request)
    if hub.is_full:
        raise Busy
    response = StreamingHttpResponse((), content_type="text/event-stream; charset=utf-8")
    response["X-Accel-Buffering"] = "no"
    response.stream = stream  # type: ignore[attr-defined]  # `toolkit.web.asgi.pages` goes on with it
    return response


def started(webinar: Webinar, found: Room, session: str, *, first: bool = False) -> Kept:
    """Where the demo starts and the answer there; while it loads what it was last, `Busy` where there is none.

    Args:
        webinar: Whose room.
        found: The room.
        session: Of who looks.
        first: Whether it is who presents.
    """
    last = presenting.kept(found)
    try:
        start = current().start(webinar.strategy)
        if found.state and last is not None and last.start == start:
            return last
        outcome = current().solve(start.position, session, first=first)
    except Busy:
        if last is None:
            raise
        return last
    with contextlib.suppress(Busy):
        presenting.keep(found, start, outcome)
    return Kept(start, outcome)


def _room(
    request: HttpRequest,
    registration: Registration,
    position: Position | None,
    *,
    refused: Strict | None = None,
    status: int | None = None,
) -> HttpResponse:
    """The page of the room: at a position of the visitor, where the presenter is, or where the strategy starts.

    Args:
        request: Of the attendee.
        registration: Whose session it is.
        position: Of the visitor's own sliders; None for the presenter's.
        refused: A form that was not taken: what is wrong with it stands in the page, and so do a question's words.
        status: Of the response; by default 400 for a form that was not taken.
    """
    webinar, say = registration.webinar, spoken()
    found = presenting.find(webinar)
    state = presenting.stored(found.state)
    view = "own" if position is not None and state is not None else "nobody" if state is None else "following"
    try:
        at = started(webinar, found, str(registration.id))
        start = at.start
        if position is not None:
            answer = shown(current().solve(position, str(registration.id)), position, say)
        elif state is not None:
            position, answer = state.position, of_state(state, say)
        else:
            position, answer = start.position, shown(at.outcome, start.position, say)
    except Busy:
        return loading(request, webinar, reverse("room"), status=503 if position is not None else 200)
    player = Player.of(webinar.player)
    data = {
        "webinar": webinar,
        "player": player,
        "view": view,
        "moderated": found.moderated,
        "over": webinar.is_over,
        "away": presenting.is_away(found) and not webinar.is_over,
        "pdf": start.pdf,
        "refused": refused,
        "faults": [] if refused is None else [fault for faults in refused.errors.values() for fault in faults],
    }
    controls = sliders(start, position, say)
    page = {**data, "sliders": controls, **answer, **talk_of(registration)}
    return player.on(render(request, "room.html", page, status=status or (400 if refused else 200)))


def loading(request: HttpRequest, webinar: Webinar, again: str, status: int = 200, told: str = "") -> HttpResponse:
    """The page that comes again while the demo loads.

    Args:
        request: Of the visitor.
        webinar: Whose room.
        again: Address of the page that is meant.
        status: Of the response.
        told: What is being done, where that is not the demo's loading.
    """
    response = render(request, "loading.html", {"webinar": webinar, "again": again, "told": told}, status=status)
    response["Retry-After"] = "3"
    return response


def talk_of(registration: Registration) -> dict[str, Any]:
    """Questions and the poll as one attendee sees them."""
    poll = talking.current_poll(registration.webinar)
    voted = poll is not None and Ballot.objects.filter(poll=poll, registration=registration).exists()
    mine = {*Upvote.objects.filter(registration=registration).values_list("question_id", flat=True)}
    private = ~Q(answer="") & Q(to_all=False)
    own = Question.objects.filter(private | Q(state=Question.State.WAITING), registration=registration).order_by("id")
    return {**poll_data(poll, voted=voted), **questions_data(registration.webinar, mine=mine), "own": list(own)}


@require_safe
@gated
def handout(request: HttpRequest, registration: Registration, file: UUID) -> HttpResponse:  # noqa: ARG001
    """A file for attendees, to save.

    Args:
        request: Of the attendee.
        registration: Whose session it is.
        file: Of the same webinar.
    """
    found = get_object_or_404(File.objects.exclude(name=""), id=file, webinar=registration.webinar_id)
    headers = {"Content-Disposition": content_disposition_header(True, found.name) or "attachment"}  # noqa: FBT003
    return HttpResponse(bytes(found.content), content_type=found.media, headers=headers)


@require_safe
@gated
def own(request: HttpRequest, registration: Registration) -> HttpResponse:  # noqa: ARG001
    """One's own questions and their answers: what is asked for when an answer was written."""
    return HttpResponse(part("own", spoken(), **talk_of(registration)))


@sent(QuestionForm, limits.ASKS)
def ask(request: HttpRequest, registration: Registration, form: QuestionForm) -> HttpResponse:
    """A question."""
    talking.ask(registration, form.cleaned_data["text"])
    return _talked(request, registration, "own")


@sent(UpvoteForm, limits.VOTES)
def upvote(request: HttpRequest, registration: Registration, form: UpvoteForm) -> HttpResponse:
    """A vote for a question."""
    done = talking.upvote(registration, form.cleaned_data["question"])
    return _talked(request, registration, "questions") if done else not_found(request)


@sent(VoteForm, limits.VOTES)
def vote(request: HttpRequest, registration: Registration, form: VoteForm) -> HttpResponse:
    """A vote in the open poll."""
    done = talking.vote(registration, form.cleaned_data["choice"])
    return _talked(request, registration, "poll") if done else not_found(request)


def _talked(request: HttpRequest, registration: Registration, name: str) -> HttpResponse:
    """The part of the page that changed, for its script; the page for its button."""
    if not for_script(request):
        return redirect("room")
    return HttpResponse(part(name, spoken(), **talk_of(registration)))


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    request.session.flush()
    response = redirect("webinars")
    response["Clear-Site-Data"] = '"cache","cookies","storage"'
    return response
