from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0007_mails")]

    operations = [
        migrations.AddField("file", "name", models.CharField(blank=True, default="", max_length=120)),
        migrations.AddField("question", "answer", models.TextField(blank=True, default="", max_length=1000)),
        migrations.AddField("question", "to_all", models.BooleanField(default=False)),
    ]
