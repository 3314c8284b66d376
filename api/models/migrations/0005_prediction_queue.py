from tortoise import migrations
from tortoise.migrations import operations as ops
from api.models.prediction import ShardKind
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0004_review_audit')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Prediction',
            name='priority',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Prediction',
            name='source_id',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='Prediction',
            name='viewports',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='PredictionShard',
            name='kind',
            field=fields.CharEnumField(default=ShardKind.LEAD, db_default='LEAD', description='LEAD: LEAD\nRETRACE: RETRACE', enum_type=ShardKind, max_length=16),
        ),
    ]
