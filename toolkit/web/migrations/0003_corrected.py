from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0002_change")]

    operations = [
        migrations.AddField("registration", "shared", models.DateTimeField(null=True)),
        migrations.AddField("room", "presenter_seen", models.DateTimeField(null=True)),
        migrations.AddField("token", "email", models.CharField(blank=True, default="", max_length=254)),
    ]
