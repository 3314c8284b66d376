from tortoise import migrations
from tortoise.migrations import operations as ops
from api.models.look import Stain
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0007_prediction_parts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SlideLook',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('user', fields.ForeignKeyField('models.User', source_field='user_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('slide', fields.ForeignKeyField('models.Slide', source_field='slide_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('brightness', fields.FloatField()),
                ('contrast', fields.FloatField()),
                ('gamma', fields.FloatField()),
                ('stain', fields.CharEnumField(default=Stain.ALL, description='ALL: ALL\nHAEMATOXYLIN: HAEMATOXYLIN\nEOSIN: EOSIN\nRESIDUAL: RESIDUAL', enum_type=Stain, max_length=16)),
            ],
            options={'table': 'slide_look', 'app': 'models', 'unique_together': (('user', 'slide'),), 'pk_attr': 'id', 'table_description': "A person's adjustments of one slide. There is no row where they adjusted nothing."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Prediction',
            name='error_code',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name='Prediction',
            name='error_params',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='PredictionShard',
            name='error_code',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name='PredictionShard',
            name='error_params',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='Term',
            name='parent_id',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='User',
            name='toured_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
