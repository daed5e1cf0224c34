from datetime import timedelta

from django.db import migrations, models

STATES = ("pending", "confirmed", "waitlisted", "replay", "cancelled", "revoked")


def replay_alone(apps, _schema):
    """Who confirmed after the end has no seat."""
    registrations = apps.get_model("web", "Registration").objects.filter(state="confirmed")
    for webinar in apps.get_model("web", "Webinar").objects.exclude(replay_days=0):
        ends = webinar.starts + timedelta(minutes=webinar.minutes)
        registrations.filter(webinar=webinar, confirmed__gte=ends).update(state="replay")


class Migration(migrations.Migration):
    dependencies = [("web", "0010_mails_by_language")]

    operations = [
        migrations.AlterField(
            "registration",
            "state",
            models.CharField(choices=[(one, one.capitalize()) for one in STATES], default="pending", max_length=10),
        ),
        migrations.AddField("room", "start", models.JSONField(default=dict)),
        migrations.RunPython(replay_alone, elidable=True),
    ]
