from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0005_prediction_queue')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Project',
            name='blind',
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
