
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0005_steering'),
    ]

    operations = [
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('viewer', 'Người xem'), ('officer', 'Cán bộ'), ('agency_admin', 'Quản trị cơ quan'), ('analyst', 'Chuyên viên phân tích'), ('publisher', 'Người công bố'), ('assessor', 'Người đánh giá'), ('round_keeper', 'Người điều hành đợt đánh giá'), ('operator', 'Người vận hành')], max_length=20, verbose_name='vai trò'),
        ),
    ]
