from tortoise import migrations
from tortoise.migrations import operations as ops
from api.models.slide_job import SlideJobKind, SlideJobStatus
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('models', '0008_tree_looks_tour')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SlideJob',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('slide', fields.ForeignKeyField('models.Slide', source_field='slide_id', db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='TRANSCODE: TRANSCODE\nREMOVE_IMAGES: REMOVE_IMAGES\nKEEP_PYRAMID: KEEP_PYRAMID', enum_type=SlideJobKind, max_length=16)),
                ('status', fields.CharEnumField(default=SlideJobStatus.PENDING, description='PENDING: PENDING\nRUNNING: RUNNING\nDONE: DONE\nFAILED: FAILED', enum_type=SlideJobStatus, max_length=16)),
                ('progress', fields.FloatField(default=0.0)),
                ('attempt', fields.IntField(default=0)),
                ('error', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('requested_by', fields.ForeignKeyField('models.User', source_field='requested_by_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL)),
                ('address', fields.CharField(default='', max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('claimed_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'slide_job', 'app': 'models', 'indexes': [Index(fields=['slide_id', 'created_at']), Index(fields=['status', 'created_at'])], 'pk_attr': 'id', 'table_description': "One piece of work on a slide's file. It waits here until a process takes it."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Slide',
            name='passes_through',
            field=fields.BooleanField(null=True),
        ),
        ops.AddField(
            model_name='Slide',
            name='pixels_bytes',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Slide',
            name='pixels_sha256',
            field=fields.CharField(null=True, db_index=True, max_length=64),
        ),
    ]
