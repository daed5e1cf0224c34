from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("web", "0005_brand")]

    operations = [
        migrations.CreateModel(
            "Assignment",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.PositiveSmallIntegerField(choices=[(1, "Moderator"), (2, "Cohost"), (3, "Owner")])),
                ("host", models.ForeignKey("web.host", models.CASCADE, related_name="helps")),
                ("webinar", models.ForeignKey("web.webinar", models.CASCADE, related_name="helpers")),
            ],
        ),
        migrations.AddConstraint("assignment", models.UniqueConstraint(fields=("webinar", "host"), name="one_role_each")),
        migrations.AddField("token", "webinar", models.ForeignKey("web.webinar", models.CASCADE, null=True)),
        migrations.AddField("token", "role", models.PositiveSmallIntegerField(default=0)),
    ]
