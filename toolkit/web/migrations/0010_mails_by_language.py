from django.conf import settings
from django.db import migrations


def by_language(apps, _schema):
    """Words that held in every language hold in each of them."""
    for webinar in apps.get_model("web", "Webinar").objects.exclude(mails={}):
        webinar.mails = {code: webinar.mails for code, _ in settings.LANGUAGES}
        webinar.save(update_fields=["mails"])


class Migration(migrations.Migration):
    dependencies = [("web", "0009_approval")]

    operations = [migrations.RunPython(by_language, elidable=True)]
