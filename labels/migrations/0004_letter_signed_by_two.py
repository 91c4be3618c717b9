"""A letter names whoever recorded the decision and the member who confirmed it, in full."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labels", "0003_the_label_in_full")]

    operations = [
        migrations.AlterField(
            model_name="letter",
            name="signed_by",
            field=models.CharField(max_length=700, verbose_name="signée par"),
        ),
    ]
