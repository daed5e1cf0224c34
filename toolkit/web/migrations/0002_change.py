from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0001_portal")]

    operations = [
        migrations.AddField("webinar", "revision", models.PositiveIntegerField(default=0)),
        migrations.AddField("webinar", "cancelled_at", models.DateTimeField(null=True)),
    ]
