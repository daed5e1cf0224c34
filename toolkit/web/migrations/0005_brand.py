import uuid

from django.db import migrations, models

FILE = {"null": True, "on_delete": models.deletion.SET_NULL, "related_name": "+", "to": "web.file"}


class Migration(migrations.Migration):
    dependencies = [("web", "0004_player_replay")]

    operations = [
        migrations.CreateModel(
            "File",
            [
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("media", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("webinar", models.ForeignKey("web.webinar", models.CASCADE, related_name="files")),
            ],
        ),
        migrations.AddField("webinar", "colour", models.CharField(blank=True, default="", max_length=7)),
        migrations.AddField("webinar", "speaker", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddField("webinar", "about_speaker", models.TextField(blank=True, default="", max_length=600)),
        migrations.AddField("webinar", "sender", models.CharField(blank=True, default="", max_length=100)),
        migrations.AddField("webinar", "logo", models.ForeignKey(**FILE)),
        migrations.AddField("webinar", "portrait", models.ForeignKey(**FILE)),
    ]
