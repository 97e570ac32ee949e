
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('web', '0001_shown_figures'),
    ]

    operations = [
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='mã')),
                ('kind', models.CharField(choices=[('figure', 'phản đối một con số'), ('fault', 'trang bị lỗi'), ('access', 'khó tiếp cận'), ('idea', 'góp ý khác')], max_length=8, verbose_name='loại')),
                ('page', models.CharField(blank=True, max_length=500, verbose_name='trang')),
                ('text', models.TextField(verbose_name='nội dung')),
                ('made_at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='lúc gửi')),
                ('answer', models.TextField(blank=True, verbose_name='trả lời')),
                ('answered_by', models.CharField(blank=True, max_length=200, verbose_name='người trả lời')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='lúc trả lời')),
            ],
            options={
                'verbose_name': 'góp ý',
                'verbose_name_plural': 'góp ý của người đọc',
                'ordering': ('-made_at', '-id'),
            },
        ),
    ]
