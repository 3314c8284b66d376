from tortoise import migrations
from tortoise.migrations import operations as ops
from api.models.annotation import ReviewState
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

BATCH = 500


async def index_steps(apps, editor):  # type: ignore[no-untyped-def]
    """Name the annotations of every step that the logs hold already."""
    last = 0
    while True:
        events = await editor.client.execute_query_dict(
            f"SELECT id, slide_id, seq, body FROM slide_event WHERE id > {last} AND kind LIKE 'annotations%' "
            f"ORDER BY id LIMIT {BATCH}"
        )
        if not events:
            return
        values = [
            f"('{body['id']}', '{event['slide_id']}', {event['seq']})"
            for event in events
            for body in loads(event["body"])["annotations"]
        ]
        for start in range(0, len(values), BATCH):
            rows = ", ".join(values[start : start + BATCH])
            await editor.client.execute_script(f"INSERT INTO annotation_step (annotation_id, slide_id, seq) VALUES {rows}")
        last = events[-1]["id"]


class Migration(migrations.Migration):
    dependencies = [('models', '0003_live_comments')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AnnotationStep',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('annotation_id', fields.UUIDField()),
                ('slide_id', fields.UUIDField()),
                ('seq', fields.BigIntField()),
            ],
            options={'table': 'annotation_step', 'app': 'models', 'indexes': [Index(fields=['annotation_id', 'seq']), Index(fields=['slide_id', 'seq'])], 'pk_attr': 'id', 'table_description': 'Which steps of a slide touched an annotation. Written with the step, pruned with it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('kind', fields.CharField(max_length=32)),
                ('actor_id', fields.UUIDField(null=True)),
                ('actor_name', fields.CharField(default='', max_length=120)),
                ('address', fields.CharField(default='', max_length=64)),
                ('project_id', fields.UUIDField(null=True)),
                ('subject_id', fields.CharField(null=True, max_length=64)),
                ('subject_name', fields.CharField(default='', max_length=255)),
                ('details', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'audit_entry', 'app': 'models', 'indexes': [Index(fields=['project_id', 'id'])], 'pk_attr': 'id', 'table_description': 'One entry, written once and never changed. It names by plain ids and names of then, so it outlives what it names.'},
            bases=['Model'],
        ),
        ops.RunPython(index_steps, ops.RunPython.noop),
        ops.AddField(
            model_name='Annotation',
            name='review_reason',
            field=fields.CharField(null=True, max_length=2000),
        ),
        ops.AddField(
            model_name='Annotation',
            name='review_state',
            field=fields.CharEnumField(default=ReviewState.DRAFT, description='DRAFT: DRAFT\nPROPOSED: PROPOSED\nACCEPTED: ACCEPTED\nREJECTED: REJECTED', db_default=ReviewState.DRAFT, enum_type=ReviewState, max_length=16),
        ),
        ops.AddField(
            model_name='Annotation',
            name='reviewed_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Annotation',
            name='reviewed_by',
            field=fields.ForeignKeyField('models.User', source_field='reviewed_by_id', null=True, db_constraint=True, to_field='id', related_name=False, on_delete=OnDelete.SET_NULL),
        ),
        ops.AddIndex(
            model_name='Annotation',
            index=Index(fields=['slide_id', 'review_state', 'cell', 'id']),
        ),
    ]
