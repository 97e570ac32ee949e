from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery


def fill(apps, _schema_editor):
    """A task that is over was closed by its last step that ends one."""
    task, step = apps.get_model("steer", "Task"), apps.get_model("steer", "Step")
    ends = step.objects.filter(task=OuterRef("pk"), kind__in=("accepted", "withdrawn"))
    last = ends.order_by().values("task").annotate(last=Max("at")).values("last")
    task.objects.filter(state__in=("accepted", "withdrawn")).update(closed_at=Subquery(last))


class Migration(migrations.Migration):

    dependencies = [
        ('steer', '0003_job_failing'),
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
