from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0008_handouts")]

    operations = [migrations.AddField("webinar", "approval", models.BooleanField(default=False))]
