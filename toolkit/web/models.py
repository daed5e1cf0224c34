"""Tables of the portal."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from toolkit.web.sessions import SessionStore


class Host(AbstractUser):
    """Who runs webinars."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    REQUIRED_FIELDS: ClassVar[list[str]] = []


class Webinar(models.Model):
    """A webinar.

    Attributes:
        slug: Its name in addresses.
        starts: First minute; `zone` is the time zone it is announced in.
        minutes: Planned length.
        strategy: Of the demo.
        capacity: Seats.
        host: Whose it is; no other host sees it.
        series: The same for each session of one webinar.
        questions: Asked at sign-up; one that ends with ``*`` must be answered.
        webhook, webhook_secret: Where changes of registrations are sent, and what signs them.
        player: Address of its meeting or player; empty where there is none.
        colour: Of its pages, as ``#1b5e93``; empty for the portal's.
        speaker, about_speaker: Who speaks.
        sender: Name that its mails come from; empty for the portal's.
        logo, portrait: Pictures, of the organiser and the speaker.
        mails: Language -> kind of a mail -> the host's own ``subject`` and ``text``.
        follow_up, followed_up: Whether those who had a seat get a mail after it, and when that was looked at.
        replay_days: Days after its end in which who registers sees the replay; 0 for none.
        approval: Whether its host admits each who has confirmed the address; until then they wait.
        news_sent: When those who agreed to news were told of it.
        revision: Changes since it was announced: the sequence of its calendar file.
        cancelled_at: When its host cancelled it.
    """

    id: int
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(max_length=4000, blank=True)
    starts = models.DateTimeField()
    zone = models.CharField(max_length=64)
    minutes = models.PositiveSmallIntegerField(default=45)
    strategy = models.CharField(max_length=80)
    capacity = models.PositiveIntegerField()
    host = models.ForeignKey(Host, models.SET_NULL, null=True, related_name="webinars")
    host_id: int | None
    series = models.CharField(max_length=16, blank=True, db_index=True)
    questions = models.JSONField(default=list)
    webhook = models.CharField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=64, blank=True)
    player = models.CharField(max_length=500, blank=True, default="")
    colour = models.CharField(max_length=7, blank=True, default="")
    speaker = models.CharField(max_length=100, blank=True, default="")
    about_speaker = models.TextField(max_length=600, blank=True, default="")
    sender = models.CharField(max_length=100, blank=True, default="")
    logo = models.ForeignKey("web.File", models.SET_NULL, null=True, related_name="+")
    portrait = models.ForeignKey("web.File", models.SET_NULL, null=True, related_name="+")
    mails = models.JSONField(default=dict)
    follow_up = models.BooleanField(default=False)
    followed_up = models.DateTimeField(null=True)
    replay_days = models.PositiveSmallIntegerField(default=0)
    approval = models.BooleanField(default=False)
    news_sent = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)
    cancelled_at = models.DateTimeField(null=True)
    created = models.DateTimeField(default=timezone.now)
    role = 0
    """Of the host whose request this is (`Role`); no column."""

    def __str__(self) -> str:
        return self.slug

    @property
    def ends(self) -> datetime:
        """Last minute."""
        return self.starts + timedelta(minutes=self.minutes)

    @property
    def local_start(self) -> datetime:
        """First minute on the clock of its zone."""
        return self.local(self.starts)

    def local(self, at: datetime) -> datetime:
        """A moment on the clock of its zone."""
        return at.astimezone(ZoneInfo(self.zone))

    def comes_twice(self, at: datetime) -> bool:
        """Whether its clock shows the hour of a moment twice, as the clocks go back."""
        local = self.local(at)
        return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()

    @property
    def handouts(self) -> list[File]:
        """Files for attendees, without their content."""
        return list(File.objects.filter(webinar=self).exclude(name="").defer("content").order_by("name", "id"))

    @property
    def is_open(self) -> bool:
        """Whether its room is open: from its start on."""
        return self.cancelled_at is None and timezone.now() >= self.starts

    @property
    def replay_until(self) -> datetime:
        """Last moment at which the replay is given to who registers afterwards."""
        return self.ends + timedelta(days=self.replay_days)

    @property
    def gives_replay(self) -> bool:
        """Whether who registers now gets the replay."""
        return self.cancelled_at is None and self.ends < timezone.now() <= self.replay_until

    @property
    def is_over(self) -> bool:
        """Whether its last minute has passed, or it was cancelled."""
        return self.cancelled_at is not None or timezone.now() > self.ends


class Role(models.IntegerChoices):
    """What a host may do with a webinar; a higher one may all that a lower one may."""

    MODERATOR = 1
    COHOST = 2
    OWNER = 3


class Assignment(models.Model):
    """A host who helps with the webinar of another one, as co-host or moderator."""

    id: int
    webinar = models.ForeignKey(Webinar, models.CASCADE, related_name="helpers")
    host = models.ForeignKey(Host, models.CASCADE, related_name="helps")
    role = models.PositiveSmallIntegerField(choices=Role.choices)

    class Meta:
        """One role each."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["webinar", "host"], name="one_role_each")
        ]


class File(models.Model):
    """A picture or a handout of a webinar, in the database, with which it is backed up and restored; its content never changes.

    Attributes:
        name: Of a handout; empty for a picture, which anybody may see.
        media: Type that it is served under.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webinar = models.ForeignKey(Webinar, models.CASCADE, related_name="files")
    name = models.CharField(max_length=120, blank=True, default="")
    media = models.CharField(max_length=100)
    content = models.BinaryField()


class Registration(models.Model):
    """One address at one webinar.

    Attributes:
        email: Lower case.
        language: Of mails.
        link_version: Of the personal link; one more revokes those sent before.
        shared: When the personal link was open on more devices than one person has.
        confirmed: When the address was confirmed; the order of the waiting list.
        source: Where the sign-up came from.
        answers: Question -> answer.
    """

    class State(models.TextChoices):
        """What a registration is: `CONFIRMED` has a seat, `REPLAY` came afterwards and sees the replay without one."""

        PENDING = "pending"
        CONFIRMED = "confirmed"
        WAITLISTED = "waitlisted"
        REPLAY = "replay"
        CANCELLED = "cancelled"
        REVOKED = "revoked"

    ENTERS: ClassVar[tuple[State, ...]] = (State.CONFIRMED, State.REPLAY)
    """Whose personal link opens the room."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webinar = models.ForeignKey(Webinar, models.CASCADE, related_name="registrations")
    webinar_id: int
    email = models.CharField(max_length=254)
    name = models.CharField(max_length=100)
    company = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    link_version = models.PositiveIntegerField(default=1)
    created = models.DateTimeField(default=timezone.now)
    confirmed = models.DateTimeField(null=True)
    source = models.CharField(max_length=40, blank=True)
    answers = models.JSONField(default=dict)
    shared = models.DateTimeField(null=True)

    class Meta:
        """One row an address."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["webinar", "email"], name="one_registration_an_address")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["webinar", "state", "confirmed"], name="seats")]

    def __str__(self) -> str:
        return str(self.id)


class Survey(models.Model):
    """What an attendee thought of a webinar: 1 to 5, and words."""

    registration = models.OneToOneField(Registration, models.CASCADE, primary_key=True)
    rating = models.PositiveSmallIntegerField()
    comment = models.TextField(max_length=1000, blank=True)
    at = models.DateTimeField(default=timezone.now)


class ConsentText(models.Model):
    """A text that was shown, by the SHA-256 of it: it never changes."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    purpose = models.CharField(max_length=16)
    language = models.CharField(max_length=8)
    text = models.TextField()
    first_shown = models.DateTimeField(default=timezone.now)


class Consent(models.Model):
    """What somebody agreed to, or did not, under a text that was shown.

    Attributes:
        given: Whether it was agreed to.
        confirmed: When the mail to the address was answered; before that anybody may have ticked the box.
        withdrawn: When it was taken back.
    """

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="consents")
    text = models.ForeignKey(ConsentText, models.PROTECT)
    given = models.BooleanField()
    shown_at = models.CharField(max_length=200)
    asked = models.DateTimeField(default=timezone.now)
    confirmed = models.DateTimeField(null=True)
    withdrawn = models.DateTimeField(null=True)


class Token(models.Model):
    """A secret that was sent, as its SHA-256: used once.

    Attributes:
        purpose: ``confirm`` an address, ``setup`` of the first host, ``invite`` another one, or read a webinar by the ``api``.
        email: That is to take the place of the registration's; empty for the one that it was made with.
        webinar, role: That who is invited helps with, and as what, or that is read; None and 0 without one.
    """

    digest = models.CharField(max_length=64, primary_key=True)
    purpose = models.CharField(max_length=8)
    registration = models.ForeignKey(Registration, models.CASCADE, null=True)
    registration_id: uuid.UUID | None
    email = models.CharField(max_length=254, blank=True, default="")
    webinar = models.ForeignKey(Webinar, models.CASCADE, null=True)
    role = models.PositiveSmallIntegerField(default=0)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)


class Session(AbstractBaseSession):
    """A session, under the SHA-256 of its key (`toolkit.web.sessions`)."""

    session_key = models.CharField(max_length=64, primary_key=True)
    registration = models.ForeignKey(Registration, models.CASCADE, null=True)
    registration_id: uuid.UUID | None

    @classmethod
    def unexpired(cls) -> models.QuerySet[Session]:
        """Those that still hold."""
        return cls.objects.filter(expire_date__gt=timezone.now())

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        """The store."""
        from toolkit.web.sessions import SessionStore  # noqa: PLC0415  # the store imports this module

        return SessionStore


class Outbox(models.Model):
    """A mail or a webhook to be sent: written with what it tells of, sent by `toolkit.web.gate.outbox`.

    Attributes:
        kind: Of `toolkit.web.gate.mail`, ``webhook``, or ``noop``: nothing is sent.
        registration: Whom it is to or of; gone with it.
        webinar: That news tell of, or whose webhook it is.
        data: Of a webhook: its event and ids of what it tells of, no personal data; of a new time: ``before`` and ``after``;
            of a mail to another address than the registration's: ``email``.
        due: Not before.
        lease: Until when a worker has it.
        tries: Failed ones.
        sent, failed: When it was taken by the mail server, or given up.
    """

    id: int
    kind = models.CharField(max_length=12)
    registration = models.ForeignKey(Registration, models.CASCADE, null=True)
    registration_id: uuid.UUID | None
    webinar = models.ForeignKey(Webinar, models.CASCADE, null=True)
    data = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)
    lease = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent = models.DateTimeField(null=True)
    failed = models.DateTimeField(null=True)

    class Meta:
        """What is still to be sent is looked for every second."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due"], condition=models.Q(sent=None, failed=None), name="unsent")
        ]


class Counter(models.Model):
    """Events of a window of time (`toolkit.web.gate.limits`)."""

    key = models.CharField(max_length=64, primary_key=True)
    began = models.BigIntegerField()
    n = models.PositiveIntegerField()


class AuditEntry(models.Model):
    """What was done to registrations and settings (`toolkit.web.operations.audit`); a trigger refuses any change of a row.

    Attributes:
        actor: ``host:ID``, ``visitor`` or ``console``; never a name.
        target: Slug of a webinar or id of a registration.
        previous, digest: SHA-256 of the entry before and of this one with it.
    """

    id: int
    at = models.DateTimeField()
    actor = models.CharField(max_length=40)
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=80, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, unique=True)


from toolkit.web.room import models as _of_the_room  # noqa: E402, F401  # Django looks for tables here
