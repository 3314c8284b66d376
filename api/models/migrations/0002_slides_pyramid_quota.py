from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Project',
            name='quota_bytes',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Slide',
            name='icc_bytes',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Slide',
            name='pyramid_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Slide',
            name='pyramid_claimed_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Upload',
            name='progress',
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name='Upload',
            name='group_id',
            field=fields.UUIDField(null=True, db_index=True),
        ),
        ops.AddField(
            model_name='Upload',
            name='group_size',
            field=fields.IntField(null=True),
        ),
    ]
