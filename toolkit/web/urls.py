"""Addresses of pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from toolkit.web.views import errors, gate, host, host_webinar, presenter, public, room

urlpatterns = [
    path("", public.webinars, name="webinars"),
    path("healthz", public.healthz, name="healthz"),
    path("language", require_POST(set_language), name="language"),
    path("brand/<str:colour>.css", public.brand_sheet, name="brand"),
    path("picture/<uuid:picture>", public.picture, name="picture"),
    path("privacy", public.privacy, name="privacy"),
    path("w/<slug:slug>/", public.webinar, name="webinar"),
    path("w/<slug:slug>/register", gate.register, name="register"),
    path("w/<slug:slug>/join", gate.join, name="join"),
    path("w/<slug:slug>/resend", gate.resend, name="resend"),
    path("w/<slug:slug>/sent", gate.sent, name="sent"),
    path("w/<slug:slug>/confirmed", gate.confirmed, name="confirmed"),
    path("w/<slug:slug>/calendar.ics", public.calendar_file, name="calendar"),
    path("c/<str:secret>", gate.confirm, name="confirm"),
    path("a/<str:secret>", gate.enter, name="enter"),
    path("me/<str:secret>", gate.me, name="me"),
    path("me/<str:secret>/data.json", gate.my_data, name="my-data"),
    path("me/<str:secret>/correct", gate.correct, name="correct"),
    path("me/<str:secret>/erase", gate.erase, name="erase"),
    path("s/<str:secret>", gate.survey, name="survey"),
    path("u/<str:secret>", gate.unsubscribe, name="unsubscribe"),
    path("room/", room.room, name="room"),
    path("host/", host.host, name="host"),
    path("host/w/<slug:slug>/", host.webinar, name="host-webinar"),
    path("host/w/<slug:slug>/registrations.csv", host.registrations_file, name="host-csv"),
    path("host/w/<slug:slug>/registrations.xlsx", host.workbook, name="host-xlsx"),
    path("host/w/<slug:slug>/settings", host_webinar.preferences, name="host-settings"),
    path("host/new", host_webinar.new, name="host-new"),
    path("host/w/<slug:slug>/player", host_webinar.player, name="host-player"),
    path("host/w/<slug:slug>/brand", host_webinar.brand, name="host-brand"),
    path("host/w/<slug:slug>/mails", host_webinar.mails, name="host-mails"),
    path("host/w/<slug:slug>/helpers", host_webinar.helpers, name="host-helpers"),
    path("host/w/<slug:slug>/trial", host_webinar.trial, name="host-trial"),
    path("host/w/<slug:slug>/change", host_webinar.change, name="host-change"),
    path("host/w/<slug:slug>/cancel", host_webinar.cancel, name="host-cancel"),
    path("host/w/<slug:slug>/news", host_webinar.news, name="host-news"),
    path("host/w/<slug:slug>/erase", host.erase, name="host-erase"),
    path("host/w/<slug:slug>/revoke", host.revoke, name="host-revoke"),
    path("host/w/<slug:slug>/renew", host.renew, name="host-renew"),
    path("host/w/<slug:slug>/resend", host.resend, name="host-resend"),
    path("host/codes", host.codes, name="host-codes"),
    path("host/password", host.password, name="host-password"),
    path("host/login", host.Login.as_view(), name="host-login"),
    path("host/logout", require_POST(LogoutView.as_view()), name="host-logout"),
    path("host/setup/<str:secret>", host.setup, name="host-setup"),
    path("room/solve", room.solve, name="solve"),
    path("room/report", room.report, name="report"),
    path("room/live", room.live, name="live"),
    path("room/ask", room.ask, name="ask"),
    path("room/upvote", room.upvote, name="upvote"),
    path("room/vote", room.vote, name="vote"),
    path("room/replay", room.replay, name="replay"),
    path("host/w/<slug:slug>/room", presenter.room, name="host-room"),
    path("host/w/<slug:slug>/live", presenter.live, name="host-live"),
    path("host/w/<slug:slug>/drive", presenter.drive, name="host-drive"),
    path("host/w/<slug:slug>/take", presenter.take, name="host-take"),
    path("host/w/<slug:slug>/questions", presenter.moderate, name="host-moderate"),
    path("host/w/<slug:slug>/poll", presenter.poll, name="host-poll"),
    path("host/w/<slug:slug>/polls", presenter.new_poll, name="host-new-poll"),
    path("host/w/<slug:slug>/attendance", presenter.attendance, name="host-attendance"),
    path("host/w/<slug:slug>/attendance.csv", presenter.attendance_file, name="host-attendance-csv"),
    path("leave", room.leave, name="leave"),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
