from tortoise import migrations
from tortoise.migrations import operations as ops
from api.models.prediction import ShardKind
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0006_blind_projects')]

    initial = False

    operations = [
        ops.AddField(
            model_name='AnnotationChunk',
            name='class_counts',
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AlterField(
            model_name='PredictionShard',
            name='kind',
            field=fields.CharEnumField(default=ShardKind.LEAD, description='LEAD: LEAD\nPART: PART\nRETRACE: RETRACE', db_default='LEAD', enum_type=ShardKind, max_length=16),
        ),
        ops.AddField(
            model_name='PredictionShard',
            name='number',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
