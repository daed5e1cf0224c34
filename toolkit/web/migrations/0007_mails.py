import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0006_assignment")]

    operations = [
        migrations.AddField("webinar", "mails", models.JSONField(default=dict)),
        migrations.AddField("webinar", "follow_up", models.BooleanField(default=False)),
        migrations.AddField("webinar", "followed_up", models.DateTimeField(null=True)),
        migrations.CreateModel(
            "Survey",
            [
                ("registration", models.OneToOneField("web.registration", models.CASCADE, primary_key=True, serialize=False)),
                ("rating", models.PositiveSmallIntegerField()),
                ("comment", models.TextField(blank=True, max_length=1000)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
