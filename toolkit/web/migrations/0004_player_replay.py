from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0003_corrected")]

    operations = [
        migrations.AddField("webinar", "player", models.CharField(blank=True, default="", max_length=500)),
        migrations.AddField("webinar", "replay_days", models.PositiveSmallIntegerField(default=0)),
    ]
