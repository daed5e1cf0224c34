"""Forms: fields that are not asked for, or come twice, are refused."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core import signing
from django.http import QueryDict
from django_otp import user_has_device
from django_otp.forms import OTPAuthenticationFormMixin
from django_otp.plugins.otp_totp.models import TOTPDevice
from email_validator import EmailNotValidError, validate_email
from PIL import Image, ImageOps

from toolkit.app.definitions import definitions
from toolkit.core.text import printable
from toolkit.report.i18n.language import mark
from toolkit.web.demo.position import AVERSION, BUDGET, CAP, SCENARIOS, Position, Range
from toolkit.web.gate import branding
from toolkit.web.gate.mail import OWN_WORDS
from toolkit.web.jinja import spoken
from toolkit.web.models import Host, Webinar
from toolkit.web.operations import webhook
from toolkit.web.room.presenting import SECTIONS
from toolkit.web.words import line

QUICKEST, SLOWEST = 2, 7200
"""Seconds between which a form is taken at once: an earlier one and one that is older are shown again."""
REPLAY_DAYS = 80
"""Days after a webinar in which its replay is given to who registers at most: after 90 everything is deleted."""
PIXELS, PICTURE_BYTES = 25_000_000, 2 << 20
"""Of a picture at most: its decoded form stays below 100 MB."""
_OFFICE = "application/vnd.openxmlformats-officedocument."
HANDOUT_BYTES = 4 << 20
HANDOUTS = {
    "pdf": ("application/pdf", b"%PDF-"),
    "pptx": (f"{_OFFICE}presentationml.presentation", b"PK\x03\x04"),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", b"PK\x03\x04"),
    "docx": (f"{_OFFICE}wordprocessingml.document", b"PK\x03\x04"),
    "csv": ("text/csv; charset=utf-8", b""),
    "txt": ("text/plain; charset=utf-8", b""),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    "jpg": ("image/jpeg", b"\xff\xd8\xff"),
}
"""Ending of a handout -> type that it is served under, and how its content begins."""
IMPORTED, IMPORT_BYTES = 500, 1 << 20
"""Rows and bytes of an import."""
CHOICE = 120
"""Characters of an answer of a poll."""
FORM = "web.form"
AGAIN = "again"
"""Stamp of a form that is shown once more with what is wrong in it: it is taken however quickly it is sent."""


class Strict(forms.Form):
    """A form that takes its own fields once each, and nothing else."""

    use_required_attribute = True

    def clean(self) -> dict[str, Any] | None:
        """Refuse what is not asked for."""
        sent = (self.data, self.files or {})
        given = {name: len(one.getlist(name)) for one in sent for name in one}  # type: ignore[union-attr]  # QueryDicts
        known = {*self.fields, "csrfmiddlewaretoken"}
        if given.keys() - known or any(count > 1 for count in given.values()):
            raise forms.ValidationError(spoken().words("The form was not sent as this page shows it: load the page again."))
        return super().clean()


class Email(forms.CharField):
    """An address of mail that can be written to, in ASCII; the domain is not looked up."""

    widget = forms.EmailInput

    def clean(self, value: Any) -> str:
        """The normalised address."""
        text = super().clean(value)
        try:
            found = validate_email(text, check_deliverability=False, strict=True, allow_smtputf8=False)
        except EmailNotValidError:
            say = spoken().words
            plain = text.partition("@")[0].isascii()
            told = say("This is no e-mail address.") if plain else say("Before the @ there are no letters as ä, é or я.")
            raise forms.ValidationError(told) from None
        return found.normalized


class Name(forms.CharField):
    """Words of a visitor on one `line`; control characters are refused."""

    def clean(self, value: Any) -> str:
        """The words."""
        text = super().clean(value)
        if text and not line(text):
            raise forms.ValidationError(spoken().words("Letters, digits and punctuation only."))
        return line(text)


class WhoForm(Strict):
    """What visitors say of themselves, and correct."""

    name = Name(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = Email(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    company = Name(max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "organization"}))


class SignUpForm(WhoForm):
    """A registration. `website` is hidden: who fills it is a robot.

    Args:
        questions: Of the webinar, as ``question_0``, ``question_1``...; one that ends with ``*`` must be answered.
    """

    marketing = forms.BooleanField(required=False)
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}))
    source = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    started = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, questions: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for name, question in self._asked():
            self.fields[name] = Name(max_length=500, required=question.endswith("*"), widget=forms.TextInput())

    def _asked(self) -> list[tuple[str, str]]:
        return [(f"question_{i}", question) for i, question in enumerate(self.questions)]

    def asked(self) -> list[tuple[Any, str]]:
        """Each question's field, and its words."""
        return [(self[name], question.removesuffix("*").strip()) for name, question in self._asked()]

    def answers(self) -> dict[str, str]:
        """Question -> answer; those left open are not in it."""
        given = self.cleaned_data
        return {question.removesuffix("*").strip(): given[name] for name, question in self._asked() if given[name]}

    def clean_started(self) -> str:
        """The stamp, which is signed: whoever the browser spared the typing, or whose clock was set, presses once more."""
        stamp = self.cleaned_data["started"]
        signer = signing.TimestampSigner(salt=FORM)
        try:
            if signer.unsign(stamp, max_age=SLOWEST) == AGAIN:
                return stamp
        except signing.BadSignature:
            raise forms.ValidationError(spoken().words("This page was open for long: please send it once more.")) from None
        try:
            signer.unsign(stamp, max_age=QUICKEST)
        except signing.SignatureExpired:
            return stamp
        raise forms.ValidationError(spoken().words("That was very quick: please press the button once more."))

    @property
    def is_of_a_robot(self) -> bool:
        """Whether no person filled the form."""
        return bool(self.cleaned_data["website"])


class JoinForm(SignUpForm):
    """A registration from a host's own site, whose form is older than any stamp; `texts` is what it showed."""

    started = None  # type: ignore[assignment]
    language = forms.CharField(max_length=8)
    texts = forms.CharField(max_length=64)


class WebhookForm(Strict):
    """Where webhooks of a webinar go; nothing ends them."""

    url = forms.CharField(max_length=500, required=False, widget=forms.URLInput)

    def clean_url(self) -> str:
        """An address that webhooks may have, and that leads somewhere now: else nobody would see that none arrives."""
        url, say = self.cleaned_data["url"], spoken().words
        if url and webhook.fault(url):
            raise forms.ValidationError(say("Webhooks go to an address as https://example.com/hook."))
        try:
            if url:
                webhook.target(url)
        except OSError:
            raise forms.ValidationError(say("This name has no address at present.")) from None
        except webhook.NotTaken:
            told = say("This name leads into a private network: name it in the setting TOOLKIT_WEB_WEBHOOK_NETWORKS first.")
            raise forms.ValidationError(told) from None
        return url


class PlayerForm(Strict):
    """Where voice and picture of a webinar come from, where nothing ends them; and how long the replay is given."""

    url = forms.CharField(max_length=500, required=False, widget=forms.URLInput)
    replay_days = forms.IntegerField(min_value=0, max_value=REPLAY_DAYS, initial=0)

    def clean_url(self) -> str:
        """An address of a page over https, without a name and a password in it."""
        url = self.cleaned_data["url"]
        if url and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?", url):
            raise forms.ValidationError(spoken().words("This is no address as https://meet.example.com/room."))
        return url


class Picture(forms.FileField):
    """A picture, decoded and written anew: no more of the file is kept than what is seen.

    Args:
        side: Pixels of its longer side at most.
    """

    def __init__(self, side: int) -> None:
        super().__init__(required=False, widget=forms.FileInput(attrs={"accept": "image/png, image/jpeg, image/webp"}))
        self.side = side

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        """WebP, or None without a picture."""
        file = super().clean(data, initial)
        if not file:
            return None
        out = io.BytesIO()
        try:
            with Image.open(file, formats=("PNG", "JPEG", "WEBP")) as found:
                if math.prod(found.size) <= PIXELS and file.size <= PICTURE_BYTES:
                    upright = ImageOps.exif_transpose(found)
                    upright.thumbnail((self.side, self.side))
                    upright.convert("RGBA" if upright.has_transparency_data else "RGB").save(out, "WEBP", quality=88)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            out = io.BytesIO()
        if not out.tell():
            told = spoken().words("This is no picture of PNG, JPEG or WebP of at most 2 MB and 25 million pixels.")
            raise forms.ValidationError(told)
        return out.getvalue()


class HandoutForm(Strict):
    """A file for attendees, or one that is taken away."""

    file = forms.FileField(required=False, max_length=120)
    remove = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any] | None:
        """Either of both."""
        given = super().clean()
        if not self.errors and not any(self.cleaned_data.values()):
            self.add_error("file", spoken().words("Choose a file first."))
        return given

    def clean_file(self) -> tuple[str, str, bytes] | None:
        """Name, type by its ending, and content, which begins as that type does."""
        file = self.cleaned_data["file"]
        if not file:
            return None
        content, name = file.read(), line(file.name)
        media, begins = HANDOUTS.get(name.rpartition(".")[2].lower(), ("", b""))
        if not media or len(content) > HANDOUT_BYTES or not content.startswith(begins) or (not begins and b"\0" in content):
            kinds = ", ".join(HANDOUTS)
            told = spoken().words("A handout is a file of at most 4 MB, one of these kinds: {kinds}.", kinds=kinds)
            raise forms.ValidationError(told)
        return name, media, content


class BrandForm(Strict):
    """How a webinar looks, and who speaks."""

    colour = forms.RegexField(r"\A#[0-9a-fA-F]{6}\Z", widget=forms.TextInput(attrs={"type": "color"}))
    logo, portrait = Picture(480), Picture(640)
    no_logo, no_portrait = forms.BooleanField(required=False), forms.BooleanField(required=False)
    speaker, sender = Name(max_length=100, required=False), Name(max_length=100, required=False)
    about_speaker = forms.CharField(max_length=600, required=False, widget=forms.Textarea(attrs={"rows": "4"}))

    def clean_colour(self) -> str:
        """A colour that words on white are read in; empty for that of the portal."""
        colour = self.cleaned_data["colour"].lower()
        ratio, say = branding.contrast(colour, branding.PAPER), spoken()
        if ratio < branding.READABLE:
            numbers = {"ratio": say.fmt.number(ratio, 1), "least": say.fmt.number(branding.READABLE, 1)}
            told = say.words("Words on it could not be read: its contrast to white is {ratio}, and must be {least}.", **numbers)
            raise forms.ValidationError(told)
        return "" if colour == branding.COLOUR else colour


class ChangeForm(Strict):
    """What a host changes of a webinar; `starts` on the clock of its zone, to the minute."""

    starts = forms.CharField(max_length=32, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    minutes = forms.IntegerField(min_value=1, max_value=1440)
    capacity = forms.IntegerField(min_value=1, max_value=100_000)
    title = Name(max_length=200)
    description = forms.CharField(max_length=4000, required=False, widget=forms.Textarea)
    approval = forms.BooleanField(required=False)

    def clean_description(self) -> str:
        """The paragraphs: forms are sent with the line ends of the net."""
        return "\n".join(self.cleaned_data["description"].splitlines())


class NewForm(ChangeForm):
    """A new webinar, or several sessions of one: `starts` and `questions` one a line."""

    starts = forms.CharField(max_length=640, widget=forms.Textarea(attrs={"rows": "2"}))
    zone = forms.CharField(max_length=64, initial="Europe/Berlin")
    minutes = forms.IntegerField(min_value=1, max_value=1440, initial=45)
    capacity = forms.IntegerField(min_value=1, max_value=100_000, initial=100)
    strategy = forms.ChoiceField(choices=lambda: [(one, one) for one in strategies()], initial="robust-utility")
    questions = forms.CharField(max_length=2048, required=False, widget=forms.Textarea(attrs={"rows": "3"}))

    def clean_starts(self) -> list[str]:
        """The start of each session."""
        return self.cleaned_data["starts"].split()

    def clean_questions(self) -> list[str]:
        """The questions."""
        return [one.strip() for one in self.cleaned_data["questions"].splitlines() if one.strip()]


def strategies() -> list[str]:
    """Names of the strategies that a demo may have."""
    return sorted({one.name for one in definitions("strategies")})


def stamp(shown: str = "form") -> str:
    """The moment a form was loaded, signed.

    Args:
        shown: `AGAIN` for one that is shown once more.
    """
    return signing.TimestampSigner(salt=FORM).sign(shown)


class EmailForm(Strict):
    """An address alone."""

    email = Email(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


class Decimal(forms.CharField):
    """A value of a slider, in ASCII digits; nothing else is taken for the nearest one.

    Args:
        grid: Of the slider.
        label: As visitors know it.
        absent: Where the strategy has no such slider; None where each has.
    """

    def __init__(self, grid: Range, label: str, absent: float | None = None) -> None:
        super().__init__(label=label, required=absent is None)
        self.grid, self.absent = grid, absent

    def clean(self, value: Any) -> float:
        """The number."""
        text = super().clean(value)
        if not text and self.absent is not None:
            return self.absent
        number = float(text) if re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", text) else math.nan
        if not self.grid.holds(number):
            say, places = spoken(), 0 if self.grid.step == int(self.grid.step) else 1
            ends = {name: say.fmt.number(getattr(self.grid, name), places) for name in ("least", "most", "step")}
            raise forms.ValidationError(say.words("from {least} to {most}, in steps of {step}.", **ends))
        return number


class Number(forms.CharField):
    """The number of a row, in ASCII digits."""

    def clean(self, value: Any) -> int | None:
        """The number; None where there need be none."""
        text = super().clean(value)
        if text and not re.fullmatch("[0-9]{1,18}", text):
            raise forms.ValidationError(spoken().words("This is no number."))
        return int(text) if text else None


class PositionForm(Strict):
    """Where the sliders stand; a slider that the strategy does not have is not sent."""

    budget = Decimal(BUDGET, mark("Budget"))
    aversion = Decimal(AVERSION, mark("Risk aversion"), absent=AVERSION.least)
    cap = Decimal(CAP, mark("At most under export control"), absent=CAP.most)
    scenario = forms.ChoiceField(choices=[(name, name) for name in SCENARIOS])
    moving = forms.BooleanField(required=False)

    def position(self, strategy: str) -> Position:
        """On the grid."""
        found = {name: self.cleaned_data[name] for name in PositionForm.base_fields}
        return Position(strategy, whole=not found.pop("moving"), **found)


class ReportForm(PositionForm):
    """A report to take home."""

    format = forms.ChoiceField(choices=[("html", "html"), ("pdf", "pdf")], required=False)


class StateForm(PositionForm):
    """What a presenter shows: the sliders, the section of the page, and what is pointed at."""

    section = forms.ChoiceField(choices=[(name, name) for name in SECTIONS])
    pointer = forms.RegexField(r"\A[a-z0-9_.-]*\Z", max_length=80, required=False)


class QuestionForm(Strict):
    """A question to the host."""

    text = Name(max_length=300, label=mark("Your question"))


class UpvoteForm(Strict):
    """A question that somebody wants answered."""

    question = Number()


class VoteForm(Strict):
    """A choice of a poll."""

    choice = Number()


class Buttons(Strict):
    """One button of several."""

    def clean(self) -> dict[str, Any] | None:
        """Exactly one."""
        given = {name: value for name, value in (super().clean() or {}).items() if value not in (None, "")}
        if len(given) != 1:
            raise forms.ValidationError("one button")
        return given


class ModerationForm(Buttons):
    """The new state of a question, or whether new ones wait."""

    shown = Number(required=False)
    answered = Number(required=False)
    hidden = Number(required=False)
    moderated = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)


class AnswerForm(Strict):
    """An answer in writing to a question."""

    question = Number(widget=forms.HiddenInput)
    text = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": "6"}))
    to_all = forms.BooleanField(required=False)


class PollForm(Buttons):
    """The poll that is opened, closed, or deleted."""

    open = Number(required=False)
    close = Number(required=False)
    delete = Number(required=False)


class EndForm(Strict):
    """Minutes by which a webinar is lengthened; 0 ends it now."""

    minutes = forms.TypedChoiceField(coerce=int, choices=[("0", "0"), ("15", "15")])


class NewPollForm(Strict):
    """A poll: a question, and two to eight answers of at most 120 characters, one a line."""

    text = Name(max_length=300, label=mark("Question"))
    choices = forms.CharField(max_length=1000, widget=forms.Textarea, label=mark("Answers, one a line"))

    def clean_choices(self) -> list[str]:
        """The answers, each other than the rest."""
        lines = [text for one in self.cleaned_data["choices"].splitlines() if (text := line(one) or one.strip())]
        fits = all(line(one) and len(one) <= CHOICE for one in lines)
        if not fits or not 2 <= len(lines) <= 8 or len({*lines}) < len(lines):
            say = spoken().words
            raise forms.ValidationError(say("Two to eight different answers of at most 120 characters, one a line."))
        return lines


class ImportForm(Strict):
    """A CSV file with the columns `name`, `email` and `company`, of which the last may be left out."""

    file = forms.FileField()

    def clean_file(self) -> list[dict[str, str]]:
        """What each row says; none where one of them is wrong."""
        say, file = spoken().words, self.cleaned_data["file"]
        try:
            text = file.read(IMPORT_BYTES + 1).decode("utf-8-sig")
            dialect = csv.Sniffer().sniff(text.partition("\n")[0] + "\n", ",;\t")
            rows = list(csv.DictReader(io.StringIO(text, newline=""), dialect=dialect))
        except (UnicodeDecodeError, csv.Error):
            rows = []
        if not 1 <= len(rows) <= IMPORTED or file.size > IMPORT_BYTES or not {"name", "email"} <= rows[0].keys():
            told = say("This is no CSV file in UTF-8 with the columns name, email and company and at most 500 rows.")
            raise forms.ValidationError(told)
        found = []
        for number, row in enumerate(rows, 2):
            entered = QueryDict(mutable=True)
            entered.update({name: row.get(name) or "" for name in WhoForm.base_fields})
            form = WhoForm(entered)
            if not form.is_valid():
                fault = str(next(iter(form.errors.values()))[0])
                raise forms.ValidationError(say("Row {number}: {fault}", number=number, fault=fault))
            found.append(form.cleaned_data)
        return found


class RegistrationForm(Strict):
    """A registration that a host means."""

    registration = forms.UUIDField()


class TokenForm(Strict):
    """A new token, or the end of all."""

    end = forms.BooleanField(required=False)


class Nothing(Strict):
    """A button."""


class HostLogin(OTPAuthenticationFormMixin, AuthenticationForm):
    """Name and password, and the one-time password of a host who has set that up."""

    otp_token = forms.CharField(
        required=False, max_length=10, widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
    )

    def clean(self) -> dict[str, Any]:
        """Check the password, then the code."""
        cleaned = super().clean()
        user = self.get_user()
        if user is not None and user_has_device(user):
            self.clean_otp(user)
        return cleaned

    def _chosen_device(self, user: Any) -> TOTPDevice | None:
        """The one device, locked: a code counts once however many requests bring it."""
        return TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()

    @property
    def otp_error_messages(self) -> dict[str, Any]:
        """What the login says of codes."""
        return {
            **OTPAuthenticationFormMixin.otp_error_messages,
            "token_required": spoken().words("Enter the code that your telephone shows."),
            "invalid_token": spoken().words("This is not the present code, or it was used already."),
        }

    def _update_form(self, user: Any) -> None:
        """Leave the password out of the page that asks for the code again."""


class OfHost(Strict):
    """A form about a host."""

    def __init__(self, data: Any, host: Host) -> None:
        super().__init__(data)
        self.host = host


class PresentPassword(OfHost):
    """The present password of a host: an open session may be in other hands."""

    password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def clean_password(self) -> str:
        """The password that the host has."""
        if not self.host.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError(spoken().words("This is not your present password."))
        return self.cleaned_data["password"]


class ChosenPassword(OfHost):
    """A new password of a host."""

    new_password = forms.CharField(
        max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean_new_password(self) -> str:
        """A password that is long and not common."""
        password_validation.validate_password(self.cleaned_data["new_password"], self.host)
        return self.cleaned_data["new_password"]


class NewPassword(PresentPassword, ChosenPassword):
    """A new password of a host, with the present one."""


class CodeForm(Strict):
    """A one-time password."""

    code = forms.CharField(
        max_length=10, widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
    )


class MailsForm(Strict):
    """A host's own subject and text of each mail that may have them, in one language, and whether mails follow the webinar."""

    follow_up = forms.BooleanField(required=False)
    preview = forms.BooleanField(required=False)

    def __init__(self, data: Any, webinar: Webinar, language: str) -> None:
        super().__init__(data, initial={"follow_up": webinar.follow_up})
        for kind in OWN_WORDS:
            own = webinar.mails.get(language, {}).get(kind, {})
            self.fields[f"subject_{kind}"] = Name(max_length=80, required=False, initial=own.get("subject"))
            area = forms.Textarea(attrs={"rows": "4"})
            self.fields[f"text_{kind}"] = forms.CharField(max_length=2000, required=False, initial=own.get("text"), widget=area)

    def mails(self) -> dict[str, dict[str, str]]:
        """Kind -> subject and text, of those that have either."""
        given = {
            kind: {name: printable(self.cleaned_data[f"{name}_{kind}"]) for name in ("subject", "text")} for kind in OWN_WORDS
        }
        return {kind: own for kind, own in given.items() if any(own.values())}


class SurveyForm(Strict):
    """What an attendee thought of a webinar."""

    rating = forms.TypedChoiceField(coerce=int, choices=[(n, str(n)) for n in range(1, 6)])
    comment = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": "4"}))


class AssignmentForm(Strict):
    """A host, by name, who helps with a webinar; role 0 ends it. Without a name somebody new is invited."""

    host = Name(max_length=60, required=False)
    role = forms.TypedChoiceField(coerce=int, choices=[(0, "0"), (1, "1"), (2, "2")])

    def __init__(self, data: Any, webinar: Webinar) -> None:
        super().__init__(data)
        self.webinar = webinar

    def clean_host(self) -> Host | None:
        """The host, who is another one than the owner."""
        name = self.cleaned_data["host"]
        found = Host.objects.filter(username=name).exclude(id=self.webinar.host_id).first()
        if name and found is None:
            raise forms.ValidationError(spoken().words("No other host has this name."))
        return found


class HostForm(Strict):
    """A new host."""

    username = Name(max_length=60, widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(max_length=256, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean_username(self) -> str:
        """A name that nobody has."""
        name = self.cleaned_data["username"]
        if Host.objects.filter(username=name).exists():
            raise forms.ValidationError(spoken().words("A host has this name already."))
        return name

    def clean_password(self) -> str:
        """A password that is long and not common."""
        password_validation.validate_password(
            self.cleaned_data["password"], Host(username=self.cleaned_data.get("username", ""))
        )
        return self.cleaned_data["password"]
